using System.ComponentModel;
using System.Globalization;
using System.Text.Json;
using static Glovebox.Tests.Common.FunctionSetups;

namespace Glovebox.Tests.Common.Contract.Functions;

/// <summary>What goes to a function of the host, and what comes back.</summary>
public abstract class HostFunctionConformance(ExecutorKind kind)
{
    [Fact]
    public async Task The_module_has_the_name_that_was_asked_for()
    {
        await using Session session = await Session.StartAsync(
            kind, With(Function(() => "here", "where")).And(o => o.FunctionsModule = "custom_tools"));
        Assert.Equal("here\n", await session.PrintAsync("import custom_tools", "custom_tools.where()"));
    }

    [Fact]
    public async Task Values_of_every_kind_go_there_and_back()
    {
        await using Session session = await kind.StartAsync(Function((JsonElement value) => value, "echo"));
        const string Values =
            """
            None, True, False, 0, -1, 2**53 + 1, 10**40, 1.5, -0.0, 1e300, '', 'Grüße, 世界 🧤', '"\\\'\n\t\x00\x7f', [], [1, [2, [None]]], {}, {'a': {'b': [{}]}}
            """;
        CodeResult result = await session.PythonAsync(
            $"""
            from functions import echo
            for value in ({Values},):
                back = echo(value)
                assert back == value and type(back) is type(value) and repr(back) == repr(value), (value, back)
            print('all')
            """);
        Assert.Equal("all\n", result.Output);
    }

    [Fact]
    public async Task Objects_and_lists_become_those_of_the_host()
    {
        Order? got = null;
        await using Session session = await kind.StartAsync(Function(
            (Order order) =>
            {
                got = order;
                return order with { Lines = [.. order.Lines, new Line("b", 2.5m, null)] };
            },
            "extend"));
        Assert.Equal(
            "{'id': 9007199254740993, 'lines': [{'name': 'a', 'price': 1.25, 'tag': 'x'}, {'name': 'b', 'price': 2.5}]}\n",
            await session.PrintAsync("from functions import extend", "extend({'id': 9007199254740993, 'lines': [{'name': 'a', 'price': 1.25, 'tag': 'x'}]})"));
        Assert.Equal((9007199254740993, 1.25m), (got!.Id, got.Lines[0].Price));
    }

    [Fact]
    public async Task The_classes_of_objects_can_be_imported_and_called()
    {
        await using Session session = await kind.StartAsync(
            Function((Order order) => order.Lines.Count, "lines"), Function((Dictionary<string, Line> named) => named.Keys.First(), "first"));
        Assert.Equal(
            "1 a {'id': 'int', 'lines': 'list[LinesItem]'}\n",
            await session.PrintAsync(
                "from functions import Order, lines, first\nclean = lambda hint: getattr(hint, '__forward_arg__', hint)",
                "lines(Order(id=1, lines=[{'name': 'a', 'price': 1, 'tag': None}])), first({'a': {'name': 'a', 'price': 1, 'tag': None}}),"
                + " {name: clean(hint) for name, hint in Order.__annotations__.items()}"));
    }

    [Fact]
    public async Task What_JSON_has_not_is_sent_as_what_comes_nearest()
    {
        await using Session session = await kind.StartAsync(Function((JsonElement value) => value.GetRawText(), "raw"));
        const string Import =
            """
            import dataclasses, datetime, decimal, enum, pathlib, uuid
            from functions import raw
            class Color(enum.Enum):
                RED = 'red'
            @dataclasses.dataclass
            class Point:
                x: int
            """;
        Assert.Equal(
            """
            "2024-02-29" "a/b" "00000000-0000-0000-0000-000000000001" 1 0.5 "red" {"x":1} [1] [1,2]

            """,
            await session.PrintAsync(
            Import,
                "raw(datetime.date(2024, 2, 29)), raw(pathlib.Path('a/b')), raw(uuid.UUID(int=1)), raw(decimal.Decimal(1)), raw(decimal.Decimal('0.5')), raw(Color.RED), raw(Point(1)), raw({1}), raw((1, 2))"));
        Assert.Contains("TypeError: a object cannot be sent", (await session.PythonAsync("import functions\nfunctions.raw(object())")).Output, StringComparison.Ordinal);
        Assert.Contains("ValueError: Out of range float", (await session.PythonAsync("import functions\nfunctions.raw(float('nan'))")).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Parameters_that_are_left_out_have_their_defaults()
    {
        await using Session session = await kind.StartAsync(Function(
            (string a, int b = 7, string c = "it's", bool d = true, double e = 0.5, string? f = null, Level level = Level.High) =>
                string.Create(CultureInfo.InvariantCulture, $"{a} {b} {c} {d} {e} {f ?? "null"} {level}"),
            "show"));
        Assert.Equal(
            "x 7 it's True 0.5 null High|x 1 it's False 0.5 y Low\n",
            await session.PrintAsync("from functions import show", "show('x') + '|' + show('x', 1, d=False, f='y', level='Low')"));
    }

    [Fact]
    public async Task The_stub_says_types_and_what_the_function_is_for()
    {
        await using Session session = await kind.StartAsync(Function(Describe, "describe"));
        string help = (await session.PythonAsync("import functions\nhelp(functions.describe)")).Output;
        Assert.Contains("describe(city: 'str', days: 'int' = 3, tags: 'list[int] | None' = None) -> 'dict[str, int]'", help, StringComparison.Ordinal);
        Assert.Contains("Tells the weather.", help, StringComparison.Ordinal);
        Assert.Contains("city: Where.", help, StringComparison.Ordinal);

        [Description("Tells the weather.")]
        static Dictionary<string, int> Describe([Description("Where.")] string city, int days = 3, int[]? tags = null) => new() { [city] = days + (tags?.Length ?? 0) };
    }

    [Fact]
    public async Task Names_that_Python_has_taken_are_changed()
    {
        await using Session session = await kind.StartAsync(Function((string from, int @class, string _glovebox) => from + @class + _glovebox, "route"));
        Assert.Equal("a1b\n", await session.PrintAsync("from functions import route", "route(from_='a', class_=1, _glovebox_='b')"));
    }

    [Fact]
    public async Task A_description_stays_within_its_docstring()
    {
        await using Session session = await kind.StartAsync(Function(Trap, "trap"));
        Assert.Equal("1 True\n", await session.PrintAsync("from functions import trap", "trap(), 'the end \"\"\"' in trap.__doc__"));

        [Description("\"\"\"\nimport os; os._exit(9)\n\"\"\"\\\"\"\" \r\nthe end \"\"\"")]
        static int Trap() => 1;
    }

    [Theory]
    [InlineData("add()", "'a' is missing")]
    [InlineData("add(1)", "'b' is missing")]
    [InlineData("add('1', 2)", "'a' is of another type than integer")]
    [InlineData("add(1.5, 2)", "'a' is of another type than integer")]
    [InlineData("add(None, 2)", "'a' is of another type than integer")]
    [InlineData("add({'a': 1}, 2)", "'a' is of another type than integer")]
    public async Task Arguments_that_do_not_fit_are_refused_with_the_reason(string call, string message)
    {
        int calls = 0;
        await using Session session = await kind.StartAsync(Function((int a, int b) => calls++, "add"));
        CodeResult result = await session.PythonAsync(
            $"""
            import _glovebox, functions
            def add(*values):
                return _glovebox.call('add', dict(zip('ab', values)))
            try:
                {call}
            except functions.HostFunctionError as e:
                print(e.code, e)
            """);
        Assert.Equal(($"invalid-arguments {message}\n", 0), (result.Output, calls));
    }

    [Theory]
    [InlineData("call('small', {'number': 300})", "'number' cannot be converted: it does not fit the parameter's type")]
    [InlineData("call('ordered', {'order': {'Name': 'x', 'Lines': [{'Count': 1}, {'Count': 'many'}]}})", "'order' cannot be converted at $.Lines[1].Count: it does not fit the parameter's type")]
    [InlineData("call('when', {'day': 'tomorrow'})", "'day' cannot be converted: it does not fit the parameter's type")]
    [InlineData("call('small', {'number': 7})", "7")]
    [InlineData("call('small', {'number': 13})", "the function failed")]
    public async Task An_argument_that_cannot_be_converted_is_named(string call, string said)
    {
        await using Session session = await kind.StartAsync(
            Function((byte number) => number == 13 ? throw new JsonException("secret") : number, "small"),
            Function((Basket order) => order.Name, "ordered"),
            Function((DateTimeOffset day) => day.Year, "when"));
        CodeResult result = await session.PythonAsync(
            $"""
            from _glovebox import call
            import functions
            try:
                print({call})
            except functions.HostFunctionError as e:
                print(e.code, e)
            """);
        Assert.Equal((said.StartsWith('7') ? "" : said.StartsWith('t') ? "failed " : "invalid-arguments ") + said + "\n", result.Output);
    }

    [Fact]
    public async Task A_function_may_return_nothing()
    {
        await using Session session = await kind.StartAsync(Function(() => { }, "nothing"), Function(Later, "later"));
        Assert.Equal("None None\n", await session.PrintAsync("from functions import nothing, later", "nothing(), later()"));

        static async Task Later() => await Task.Yield();
    }

    private sealed record Basket(string Name, IReadOnlyList<BasketLine> Lines);

    private sealed record BasketLine(int Count);

    private enum Level
    {
        Low,
        High,
    }

    private sealed record Line(string Name, decimal Price, string? Tag);

    private sealed record Order(long Id, IReadOnlyList<Line> Lines);
}
