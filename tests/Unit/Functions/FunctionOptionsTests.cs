using System.ComponentModel;
using System.Text.Json;
using Microsoft.Extensions.AI;
using static Glovebox.Tests.Common.FunctionSetups;

namespace Glovebox.Tests.Unit.Functions;

/// <summary>What is checked before anything is started.</summary>
public sealed class FunctionOptionsTests
{
    private const string Add = "def add(a, b=2):\n    return a + b";

    [Theory]
    [InlineData("functions")]
    [InlineData("custom_tools")]
    [InlineData("_x1")]
    [InlineData("match")]
    public void A_module_may_have_any_identifier_for_a_name(string name) =>
        Assert.Equal(name, new LocalCommandLineCodeExecutorOptions { FunctionsModule = name }.FunctionsModule);

    [Theory]
    [InlineData("")]
    [InlineData("1x")]
    [InlineData("a-b")]
    [InlineData("a.b")]
    [InlineData("../x")]
    [InlineData("a b")]
    [InlineData("class")]
    [InlineData("None")]
    [InlineData("_glovebox")]
    [InlineData(null)]
    public void A_module_cannot_have_another_name(string? name) => Assert.StartsWith(
        "Module name must be a valid Python identifier",
        Assert.Throws<ArgumentException>(() => new LocalCommandLineCodeExecutorOptions { FunctionsModule = name! }).Message,
        StringComparison.Ordinal);

    [Fact]
    public void A_tool_of_another_kind_is_refused()
    {
        ArgumentException e = Assert.Throws<ArgumentException>(() => ExecutorKind.Local.Create(With(new HostedCodeInterpreterTool())));
        Assert.Contains("HostedCodeInterpreterTool", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Two_functions_of_one_name_are_refused() =>
        Assert.Contains(
            "'add'",
            Assert.Throws<ArgumentException>(() => ExecutorKind.Local.Create(With(FunctionWithRequirements.FromSource(Add), Function(() => 1, "add")))).Message,
            StringComparison.Ordinal);

    [Theory]
    [InlineData("get-weather")]
    [InlineData("import")]
    [InlineData("ä")]
    public void A_function_of_the_host_that_Python_cannot_import_is_refused(string name) =>
        Assert.Contains(name, Assert.Throws<ArgumentException>(() => ExecutorKind.Local.Create(With(Function(() => 1, name)))).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("", "none")]
    [InlineData("x = 1", "none")]
    [InlineData("class A:\n    def f(self): pass", "none")]
    [InlineData("'''\ndef f(): pass\n'''", "none")]
    [InlineData("# def f(): pass", "none")]
    [InlineData("x = (\ndef f\n)", "none")]
    [InlineData("def f(): pass\ndef g(): pass", "f, g")]
    [InlineData("def f(): pass\nasync  def g(): pass", "f, g")]
    [InlineData("x = '\\'\ndef f(): pass\ndef g(): pass", "f, g")]
    public void Source_without_exactly_one_function_is_refused(string source, string found) =>
        Assert.Contains($"it holds {found}.", Assert.Throws<ArgumentException>(() => FunctionWithRequirements.FromSource(source)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData(Add, "add")]
    [InlineData("\n    def f(x):\n        return x\n", "f")]
    [InlineData("import os\n\nX = {'def g(): pass': [1,\n2]}\n@decorated(\n'x')\nasync def f(\n    a: 'str' = \")\",  # ): def\n    b=(lambda: 1),\n) -> int:\n    def inner(): pass\n", "f")]
    [InlineData("s = '''it's\n\\'''\ndef f(): pass\n'''\ndef g(): return \"\"\"def h(): pass\"\"\"", "g")]
    [InlineData("def\\\n f(): pass", "f")]
    [InlineData("def f(): pass\r\n\r\nif x:\r\n    def g(): pass", "f")]
    [InlineData("defx = 1\nasyncio = 2\ndef f(): pass", "f")]
    public void The_one_function_is_found(string source, string name) => Assert.Equal(name, FunctionWithRequirements.FromSource(source).Name);

    [Fact]
    public void A_function_has_its_docstring_for_a_description()
    {
        Assert.Equal("Adds.", FunctionWithRequirements.FromSource("def f():\n    '''Adds.'''").Description);
        Assert.Equal("One.\n\nTwo:\n    three", FunctionWithRequirements.FromSource("def f():\n    # first\n    r\"\"\"One.\n\n    Two:\n        three\n    \"\"\"\n    return 1").Description);
        Assert.Equal("", FunctionWithRequirements.FromSource(Add).Description);
    }

    [Theory]
    [InlineData("")]
    [InlineData("--index-url=http://x")]
    [InlineData("a\nb")]
    [InlineData("-r requirements.txt")]
    public void What_pip_would_take_for_an_option_is_no_package(string package) =>
        Assert.Throws<ArgumentException>(() => FunctionWithRequirements.FromSource(Add, package));

    [Theory]
    [InlineData("os; import sys")]
    [InlineData("")]
    [InlineData("a..b")]
    [InlineData("class")]
    public void What_is_no_module_is_not_imported(string name)
    {
        Assert.Throws<ArgumentException>(() => (PythonImport)name);
        Assert.Throws<ArgumentException>(() => new Alias(name, "x"));
        Assert.Throws<ArgumentException>(() => new Alias("x", name));
        Assert.Throws<ArgumentException>(() => new ImportFromModule(name, "x"));
        Assert.Throws<ArgumentException>(() => new ImportFromModule("x", name));
    }

    [Fact]
    public void From_a_module_only_names_are_imported()
    {
        Assert.Throws<ArgumentException>(() => new ImportFromModule("x"));
        Assert.Throws<ArgumentException>(() => new ImportFromModule("x", new ImportFromModule("y", "z")));
        Assert.Throws<ArgumentException>(() => new ImportFromModule("x", "y.z"));
    }

    [Fact]
    public void A_file_is_read_when_the_function_is_made()
    {
        using TestFolder folder = new();
        File.WriteAllText(folder["add.py"], Add);
        FunctionWithRequirements function = FunctionWithRequirements.FromFile(folder["add.py"], "pandas", "numpy>=1.2");
        File.Delete(folder["add.py"]);
        Assert.Equal(("add", Add), (function.Name, function.Source));
        Assert.Equal(["pandas", "numpy>=1.2"], function.PythonPackages);
        Assert.Throws<FileNotFoundException>(() => FunctionWithRequirements.FromFile(folder["add.py"]));
        File.WriteAllText(folder["none.py"], "x = 1");
        Assert.Contains("none.py", Assert.Throws<ArgumentException>(() => FunctionWithRequirements.FromFile(folder["none.py"])).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1023)]
    [InlineData(-1)]
    [InlineData((256 << 20) + 1)]
    public void Sizes_outside_their_bounds_are_refused(int size)
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new HostFunctionLimits { MaxArgumentSize = size });
        Assert.Throws<ArgumentOutOfRangeException>(() => new HostFunctionLimits { MaxResultSize = size });
    }

    [Fact]
    public void Other_limits_outside_their_bounds_are_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new HostFunctionLimits { MaxCallsPerSecond = 0 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new HostFunctionLimits { MaxConcurrentCalls = 0 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new HostFunctionLimits { MaxConcurrentCalls = 1025 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new LocalCommandLineCodeExecutorOptions { SetupTimeout = TimeSpan.Zero });
        Assert.Throws<ArgumentNullException>(() => new LocalCommandLineCodeExecutorOptions { FunctionLimits = null! });
    }

    [Fact]
    public async Task The_prompt_shows_both_kinds_of_functions()
    {
        await using LocalCommandLineCodeExecutor executor = new(new()
        {
            Functions =
            {
                FunctionWithRequirements.FromSource("def add(a: int, b: int = 2) -> int:\n    \"\"\"Adds two numbers.\"\"\"\n    return a + b"),
                AIFunctionFactory.Create((string url, int tries = 3) => url + tries, "fetch_data", "Fetches $functions."),
            },
            FunctionsModule = "custom_tools",
        });
        const string Stubs =
            """"
            def add(a: int, b: int = 2) -> int:
                """Adds two numbers."""
                ...

            def fetch_data(url: str, tries: int = 3) -> str:
                """Fetches $functions."""
                ...
            """";
        Assert.Equal($"custom_tools costs $5:\n{Stubs}", executor.FormatFunctionsForPrompt("$module_name costs $5:\n$functions"));
        string prompt = executor.FormatFunctionsForPrompt();
        Assert.Contains("from custom_tools import add", prompt, StringComparison.Ordinal);
        Assert.EndsWith(Stubs, prompt.TrimEnd(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_functions_there_is_nothing_to_tell()
    {
        await using LocalCommandLineCodeExecutor executor = new();
        Assert.Equal("", executor.FormatFunctionsForPrompt());
    }

    [Fact]
    public async Task Schemas_become_type_hints()
    {
        JsonElement schema = JsonElement.Parse(
            """
            {"type":"object","properties":{
              "a":{"type":["integer","null"]},"b":{"enum":["x","it's",1,null]},"c":{"type":"array","items":{"type":"object","additionalProperties":{"type":"number"}}},
              "d":{"anyOf":[{"type":"string"},{"type":"null"}]},"e":{"$ref":"#/x"},"f":{"type":"boolean"},"g-h":{"type":"object"},"i":true},
              "required":["b","g-h"]}
            """);
        await using LocalCommandLineCodeExecutor executor = new(new() { Functions = { new Declared(schema) } });
        Assert.StartsWith(
            "def declared(b: Literal['x', 'it\\'s', 1, None], g_h: dict[str, Any], a: int | None = None, c: list[dict[str, float]] | None = None, d: str | None = None, e: Any = None, f: bool | None = None, i: Any = None) -> Any:",
            executor.FormatFunctionsForPrompt("$functions"),
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task Records_enumerations_and_nested_lists_become_classes_with_their_docs()
    {
        await using LocalCommandLineCodeExecutor executor = new(new()
        {
            Functions =
            {
                AIFunctionFactory.Create((Basket basket, int top = 3) => new List<List<Item>>(), "sort", "Sorts a basket."),
                AIFunctionFactory.Create((Item[] items) => items.Length, "count"),
            },
        });
        const string Stubs =
            """"
            class ItemsItem(TypedDict):
                """Keys:
                    name: What it is called.
                """
                name: str
                quality: Literal['Poor', 'Good']
                parts: list[list[int]]

            class Basket(TypedDict):
                owner: str | None
                items: list[ItemsItem]
                isFull: NotRequired[bool]

            def sort(basket: Basket, top: int = 3) -> list[list[ItemsItem]]:
                """Sorts a basket."""
                ...

            def count(items: list[ItemsItem]) -> int:
                ...
            """";
        Assert.Equal(Stubs, executor.FormatFunctionsForPrompt("$functions"));
    }

    [Fact]
    public async Task Classes_take_no_name_that_is_taken_and_keys_may_be_any_text()
    {
        JsonElement schema = JsonElement.Parse(
            """
            {"type":"object","$defs":{"Tree":{"type":"object","description":"A \"\"\" tree.","properties":{"kids":{"type":"array","items":{"$ref":"#/$defs/Tree"}}}}},
             "properties":{
              "declared":{"type":"object","properties":{"x":{"type":"integer"}},"required":["x"]},
              "any":{"type":"object","properties":{"my-key":{"type":"string"},"it's":{"$ref":"#/$defs/Tree"}}},
              "tree":{"$ref":"#/$defs/Tree"},"lost":{"$ref":"#/nowhere"},"away":{"$ref":"https://example.org/x"},"loop":{"$ref":"#/properties/loop"},
              "literal":{"type":"object","title":"class","properties":{"y":{}}}},
              "required":["declared","any","tree","lost","away","loop","literal"]}
            """);
        await using LocalCommandLineCodeExecutor executor = new(new() { Functions = { new Declared(schema) } });
        const string Stubs =
            """"
            class Declared(TypedDict):
                x: int

            class Tree(TypedDict):
                """A \"\"\" tree."""
                kids: NotRequired[list[Tree]]

            Any_ = TypedDict('Any_', {'my-key': 'NotRequired[str]', 'it\'s': 'NotRequired[Tree]'})

            class Class(TypedDict):
                y: NotRequired[Any]

            def declared(declared: Declared, any: Any_, tree: Tree, lost: Any, away: Any, loop: Any, literal: Class) -> Any:
                ...
            """";
        Assert.Equal(Stubs, executor.FormatFunctionsForPrompt("$functions"));
    }

    private sealed record Basket(string? Owner, IReadOnlyList<Item> Items, bool IsFull = false);

    private sealed record Item([property: Description("What it is called.")] string Name, Quality Quality, int[][] Parts);

    private enum Quality
    {
        Poor,
        Good,
    }

    private sealed class Declared(JsonElement schema) : AIFunction
    {
        public override string Name => "declared";

        public override JsonElement JsonSchema => schema;

        protected override ValueTask<object?> InvokeCoreAsync(AIFunctionArguments arguments, CancellationToken cancellationToken) => default;
    }
}
