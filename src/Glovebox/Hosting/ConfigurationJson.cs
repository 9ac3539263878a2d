using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.Extensions.Configuration;

namespace Glovebox.Hosting;

/// <summary>Settings by path as a JSON object, as the JSON configuration provider reads it.</summary>
internal static class ConfigurationJson
{
    public static string Write(IEnumerable<KeyValuePair<string, string?>> settings)
    {
        Node root = new();
        foreach ((string path, string? value) in settings)
        {
            root.At(path).Value = value;
        }

        ArrayBufferWriter<byte> text = new();
        using (Utf8JsonWriter json = new(text, new JsonWriterOptions { Indented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            root.Write(json);
        }

        return Encoding.UTF8.GetString(text.WrittenSpan);
    }

    private sealed class Node
    {
        private readonly OrderedDictionary<string, Node> _children = new(StringComparer.OrdinalIgnoreCase);

        public string? Value { get; set; }

        /// <summary>Items of a list have the keys 0, 1, ….</summary>
        private bool IsList => _children.Keys.Index().All(k => k.Item == k.Index.ToString(CultureInfo.InvariantCulture));

        public Node At(string path)
        {
            Node node = this;
            foreach (string key in path.Split(ConfigurationPath.KeyDelimiter))
            {
                if (!node._children.TryGetValue(key, out Node? child))
                {
                    node._children.Add(key, child = new());
                }

                node = child;
            }

            return node;
        }

        public void Write(Utf8JsonWriter json)
        {
            if (_children.Count == 0)
            {
                json.WriteStringValue(Value);
            }
            else if (IsList)
            {
                json.WriteStartArray();
                foreach (Node item in _children.Values)
                {
                    item.Write(json);
                }

                json.WriteEndArray();
            }
            else
            {
                json.WriteStartObject();
                foreach ((string key, Node child) in _children)
                {
                    json.WritePropertyName(key);
                    child.Write(json);
                }

                json.WriteEndObject();
            }
        }
    }
}
