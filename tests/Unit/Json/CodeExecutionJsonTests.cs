using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Glovebox.Egress;

namespace Glovebox.Tests.Unit.Json;

/// <summary>Updates as JSON, and back.</summary>
public sealed class CodeExecutionJsonTests
{
    private static readonly CodeBlock Block = new("python", "print('ä\0')");

    private static readonly WorkspaceFile File = new("out/ä\n.csv", 12, new(2026, 11, 29, 1, 2, 3, TimeSpan.Zero)) { HasSetIdBits = true };

    private static readonly DisplayOutput Display = new(new Dictionary<string, ReadOnlyMemory<byte>>
    {
        ["image/png"] = new byte[] { 0x89, 0x50, 0, 0xff },
        ["text/plain"] = "ä <b>"u8.ToArray(),
        ["image/svg+xml"] = "<svg/>"u8.ToArray(),
        ["application/vnd.x+json; version=2"] = "{}"u8.ToArray(),
        ["application/json"] = ReadOnlyMemory<byte>.Empty,
        ["application/octet-stream"] = ReadOnlyMemory<byte>.Empty,
    })
    {
        DisplayId = "d",
        Files = new Dictionary<string, string> { ["image/png"] = "1.png" },
    };

    private static readonly BlockResult Result = new()
    {
        Block = Block,
        Language = "python",
        ExitCode = 124,
        Output = "a\nb",
        StandardOutput = "a\n",
        StandardError = "b",
        Duration = TimeSpan.FromSeconds(1.5),
        Truncated = true,
        Termination = TerminationReason.TimedOut,
        StateLost = true,
        CodeFile = "x.py",
        OutputFiles = [File],
        Displays = [Display],
    };

    private static readonly EgressEvent Happened = new(EgressEventKind.Closed, 3, "good.test", 443)
    {
        Method = "GET",
        Path = "/",
        Rule = "good.test",
        Reason = "idle",
        Secrets = ["KEY"],
        BytesSent = 5,
        BytesReceived = 6,
    };

    public static TheoryData<string, CodeExecutionUpdate> All => new()
    {
        { "block-started", new BlockStartedUpdate(1, Block) },
        { "output", new OutputReceivedUpdate(2, OutputStream.StandardError, "\u001b and \ud83d\ude00") { RawText = "raw" } },
        { "output-cleared", new OutputClearedUpdate(3) },
        { "display", new DisplayReceivedUpdate(4, Display) },
        { "function-called", new FunctionCalledUpdate(5, "f", "{\"a\":1}", TimeSpan.FromMilliseconds(3), "failed") },
        { "egress", new EgressUpdate(8, Happened) },
        { "file", new FileProducedUpdate(6, File) },
        { "block-completed", new BlockCompletedUpdate(7, Result) },
    };

    [Theory]
    [MemberData(nameof(All), DisableDiscoveryEnumeration = true)]
    public void An_update_is_read_back_as_it_was(string type, CodeExecutionUpdate update)
    {
        string json = JsonSerializer.Serialize(update, CodeExecutionJson.Update);
        Assert.Equal(type, (string?)JsonNode.Parse(json)!["type"]);
        CodeExecutionUpdate read = JsonSerializer.Deserialize(json, CodeExecutionJson.Update)!;
        Assert.IsType(update.GetType(), read);
        Assert.Equal(update.BlockIndex, read.BlockIndex);
        Assert.Equivalent(update, read, strict: true);
        Assert.Equal(json, JsonSerializer.Serialize(read, CodeExecutionJson.Update));
    }

    [Theory]
    [MemberData(nameof(All), DisableDiscoveryEnumeration = true)]
    public void Other_options_write_and_read_updates_too(string type, CodeExecutionUpdate update)
    {
        JsonSerializerOptions own = new() { TypeInfoResolverChain = { CodeExecutionJson.Resolver } };
        foreach (JsonSerializerOptions options in new[] { own, JsonSerializerOptions.Default, JsonSerializerOptions.Web })
        {
            string json = JsonSerializer.Serialize(update, options);
            Assert.Equal(type, (string?)JsonNode.Parse(json)!["type"]);
            Assert.Equal(json, JsonSerializer.Serialize(JsonSerializer.Deserialize<CodeExecutionUpdate>(json, options), options));
        }
    }

    [Fact]
    public void Every_kind_of_update_has_a_type()
    {
        IEnumerable<Type> named = typeof(CodeExecutionUpdate).GetCustomAttributes<JsonDerivedTypeAttribute>().Select(a => a.DerivedType);
        IEnumerable<Type> all = typeof(CodeExecutionUpdate).Assembly.GetTypes().Where(t => t.IsSubclassOf(typeof(CodeExecutionUpdate)));
        Assert.Equal(all.Select(t => t.Name).Order(), named.Select(t => t.Name).Order());
        Assert.Equal(named.Count(), All.Count);
    }

    [Fact]
    public void Pictures_are_base64_and_text_is_text()
    {
        JsonNode data = JsonSerializer.SerializeToNode(new DisplayReceivedUpdate(0, Display), CodeExecutionJson.Update)!["display"]!["data"]!;
        Assert.Equal("iVAA/w==", (string?)data["image/png"]);
        Assert.Equal("ä <b>", (string?)data["text/plain"]);
        Assert.Equal("<svg/>", (string?)data["image/svg+xml"]);
        Assert.Equal("{}", (string?)data["application/vnd.x+json; version=2"]);
    }

    [Fact]
    public void Names_are_as_web_clients_write_them_and_enumerations_are_words()
    {
        Assert.Equal(
            """{"type":"output","stream":"StandardOutput","text":"1","rawText":null,"droppedBytes":0,"blockIndex":0}""",
            JsonSerializer.Serialize(new OutputReceivedUpdate(0, OutputStream.StandardOutput, "1"), CodeExecutionJson.Update));
    }

    [Fact]
    public void The_type_need_not_come_first() =>
        Assert.IsType<OutputClearedUpdate>(JsonSerializer.Deserialize("""{"blockIndex":3,"type":"output-cleared"}""", CodeExecutionJson.Update));

    [Theory]
    [InlineData("""{"blockIndex":3}""")]
    [InlineData("""{"type":"unknown","blockIndex":3}""")]
    [InlineData("""{"type":"block-completed","blockIndex":3,"result":{}}""")]
    [InlineData("""{"type":"display","display":{"data":{"image/png":"%%%"}}}""")]
    [InlineData("""{"type":"display","display":{"data":{"image/png":1}}}""")]
    [InlineData("""{"type":"display","display":null,"blockIndex":3}""")]
    [InlineData("""{"type":"block-started","blockIndex":3}""")]
    [InlineData("""{"type":"block-started","blockIndex":3,"block":{"language":null,"code":""}}""")]
    [InlineData("""{"type":"output","blockIndex":3,"stream":"Other","text":""}""")]
    [InlineData("null,")]
    [InlineData("""{"type":"display","display":{"data":[]}}""")]
    public void What_is_no_update_is_an_error_of_the_reader(string json)
    {
        Exception e = Assert.ThrowsAny<Exception>(() => JsonSerializer.Deserialize(json, CodeExecutionJson.Update));
        Assert.True(e is JsonException or NotSupportedException, e.ToString());
    }
}
