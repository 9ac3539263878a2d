using System.Text;

namespace Glovebox.Tests.Unit;

/// <summary>Names that are bytes, written as text.</summary>
public sealed class EscapedPathTests
{
    [Theory]
    [InlineData("caf\u00e9/\u20ac\U0001F600.txt", "636166C3A92FE282ACF09F98802E747874")]
    [InlineData(@"caf\xE9.txt", "636166E92E747874")]
    [InlineData(@"\xE2\x82", "E282")]
    [InlineData(@"a\b\xe9\xG\x", "615C625C7865395C78475C78")]
    [InlineData(@"\x5CxE9", "5C784539")]
    [InlineData(@"\x5Cx5C", "5C783543")]
    [InlineData(@"\x41", "5C783431")]
    [InlineData(@"\xED\xA0\x80", "EDA080")]
    [InlineData("", "")]
    public void Each_name_has_one_way_to_write_it(string text, string bytes)
    {
        Assert.Equal(text, EscapedPath.FromBytes(Convert.FromHexString(bytes)));
        Assert.Equal(bytes, Convert.ToHexString(EscapedPath.ToBytes(text)));
    }

    [Fact]
    public void Any_bytes_come_back_from_text_that_every_encoding_takes()
    {
        Random random = new(7);
        byte[] letters = "\\x5C9EAF"u8.ToArray();
        for (int i = 0; i < 5000; i++)
        {
            byte[] name = new byte[random.Next(12)];
            for (int j = 0; j < name.Length; j++)
            {
                name[j] = random.Next(3) == 0 ? (byte)random.Next(1, 256) : letters[random.Next(letters.Length)];
            }

            string text = EscapedPath.FromBytes(name);
            Assert.Equal(name, EscapedPath.ToBytes(text));
            Assert.Equal(text, Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text)));
        }
    }

    [Fact]
    public void No_escape_leads_to_another_folder()
    {
        foreach (string path in new[] { @"\x2E\x2E/x", @"\x2Fetc", @"a\x00", @"\x2e." })
        {
            Assert.Equal(Encoding.UTF8.GetBytes(path), EscapedPath.ToBytes(path));
        }
    }

    [Fact]
    public void A_name_of_bytes_is_as_long_as_its_bytes()
    {
        Assert.Equal(255 * 4, WorkspacePath.Normalize(string.Concat(Enumerable.Repeat(@"\xFF", 255))).Length);
        Assert.Throws<WorkspaceException>(() => WorkspacePath.Normalize(string.Concat(Enumerable.Repeat(@"\xFF", 256))));
    }

    [Fact]
    public void What_takes_no_bytes_refuses_them()
    {
        Assert.Equal(@"a\xE9", EscapedPath.ToText(@"a\x5CxE9"));
        Assert.Contains("not UTF-8", Assert.Throws<WorkspaceException>(() => EscapedPath.ToText(@"a\xE9")).Message, StringComparison.Ordinal);
        Assert.Equal(@"a\x5CxE9", EscapedPath.FromText(@"a\xE9"));
    }
}
