namespace Glovebox;

/// <summary>A piece of source text and the name of its language, as fenced in a model's reply.</summary>
/// <param name="Language">The language's name or an alias of it (<c>python</c>, <c>py</c>, <c>bash</c>, …); case does not matter.</param>
/// <param name="Code">The source text.</param>
public sealed record CodeBlock(string Language, string Code);
