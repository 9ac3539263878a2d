using System.Diagnostics;
using Glovebox.Agents.Functions;
using Glovebox.Tests.Common.Agents;

namespace Glovebox.Tests.Contract.Agents.Functions;

/// <summary>A picture goes to a model only when it is whole.</summary>
public sealed class PicturesTests
{
    private const string Jpeg = "/9j/4AAQSkZJRgABAgAAAQABAAD/2wBDAAgGBgcGBQgHBwcJCQgKDBQNDAsLDBkSEw8UHRofHh0aHBwgJC4nICIsIxwcKDcpLDAx"
        + "NDQ0Hyc5PTgyPC4zNDL/wAALCAACAAkBAREA/8QAHwAAAQUBAQEBAQEAAAAAAAAAAAECAwQFBgcICQoL/8QAtRAAAgEDAwIEAwUF"
        + "BAQAAAF9AQIDAAQRBRIhMUEGE1FhByJxFDKBkaEII0KxwRVS0fAkM2JyggkKFhcYGRolJicoKSo0NTY3ODk6Q0RFRkdISUpTVFVW"
        + "V1hZWmNkZWZnaGlqc3R1dnd4eXqDhIWGh4iJipKTlJWWl5iZmqKjpKWmp6ipqrKztLW2t7i5usLDxMXGx8jJytLT1NXW19jZ2uHi"
        + "4+Tl5ufo6erx8vP09fb3+Pn6/9oACAEBAAA/APG/FkENtrFukEUcSHTLByqKFBZrSFmPHcsSSe5JNYdf/9k=";

    private const string ProgressiveJpeg = "/9j/4AAQSkZJRgABAgAAAQABAAD/2wBDAAgGBgcGBQgHBwcJCQgKDBQNDAsLDBkSEw8UHRofHh0aHBwgJC4nICIsIxwcKDcpLDAx"
        + "NDQ0Hyc5PTgyPC4zNDL/wgALCAACAAkBAREA/8QAFQABAQAAAAAAAAAAAAAAAAAABAb/2gAIAQEAAAABjQ//xAAYEAACAwAAAAAA"
        + "AAAAAAAAAAAAAQIDBP/aAAgBAQABBQLWlG4//8QAGRABAAIDAAAAAAAAAAAAAAAAAQIQESOy/9oACAEBAAY/Ao4A1w5K/8QAGBAB"
        + "AQADAAAAAAAAAAAAAAAAAREQIaH/2gAIAQEAAT8hGCLwJtd7j//aAAgBAQAAABA//8QAFxABAQEBAAAAAAAAAAAAAAAAAUEQIf/a"
        + "AAgBAQABPxBU7eIKRyqVaq5//9k=";

    private const string Gif = "R0lGODlhAwACAPAAAAAAAP///ywAAAAAAwACAEACAoRfADs=";

    private const string LossyWebP = "UklGRiIAAABXRUJQVlA4IBYAAAAwAQCdASoBAAEADsD+JaQAA3AAAAAA";

    private const string LosslessWebP = "UklGRhoAAABXRUJQVlA4TA0AAAAvAAAAEAcQERGIiP4HAA==";

    [Theory]
    [InlineData("image/png", Pixel.Base64)]
    [InlineData("image/jpeg", Jpeg)]
    [InlineData("image/jpeg", ProgressiveJpeg)]
    [InlineData("image/gif", Gif)]
    [InlineData("image/webp", LossyWebP)]
    [InlineData("image/webp", LosslessWebP)]
    public void A_whole_picture_is_told_and_no_part_of_it_is(string mediaType, string base64)
    {
        byte[] picture = Convert.FromBase64String(base64);
        Assert.Equal(mediaType, Pictures.TypeOf(picture));
        Assert.Equal(mediaType, Pictures.TypeOf([.. picture, .. "more"u8]));
        for (int length = 0; length < picture.Length; length++)
        {
            Assert.Null(Pictures.TypeOf(picture.AsSpan(0, length)));
        }
    }

    [Fact]
    public void A_beginning_alone_is_no_picture()
    {
        byte[][] stubs =
        [
            [0x89, (byte)'P', (byte)'N', (byte)'G', 0x0D, 0x0A, 0x1A, 0x0A, .. new byte[60]],
            [0xFF, 0xD8, 0xFF, .. new byte[60]],
            [0xFF, 0xD8, 0xFF, 0xD9],
            [.. "GIF89a"u8, .. new byte[60]],
            [.. "GIF89a"u8, 1, 0, 1, 0, 0, 0, 0, 0x3B],
            [.. "RIFF"u8, 4, 0, 0, 0, .. "WEBP"u8],
            [.. "RIFF"u8, 0xFF, 0xFF, 0xFF, 0xFF, .. "WEBP"u8, .. "VP8L"u8, 0xFF, 0xFF, 0xFF, 0xFF, 0x2F],
            [.. "<html>not found</html>"u8],
        ];
        Assert.All(stubs, s => Assert.Null(Pictures.TypeOf(s)));
    }

    /// <summary>Every chunk of a PNG has a check sum.</summary>
    [Fact]
    public void A_changed_byte_breaks_a_PNG()
    {
        for (int i = 0; i < Pixel.Bytes.Length; i++)
        {
            byte[] changed = [.. Pixel.Bytes];
            changed[i] ^= 0x40;
            Assert.Null(Pictures.TypeOf(changed));
        }
    }

    [Fact]
    public void Any_bytes_are_judged_in_time()
    {
        Random random = new(11);
        foreach (string base64 in new[] { Pixel.Base64, Jpeg, ProgressiveJpeg, Gif, LossyWebP })
        {
            for (int round = 0; round < 3000; round++)
            {
                byte[] picture = Convert.FromBase64String(base64);
                for (int i = 0; i < 3; i++)
                {
                    picture[random.Next(picture.Length)] = (byte)random.Next(256);
                }

                _ = Pictures.TypeOf(picture);
            }
        }

        long started = Stopwatch.GetTimestamp();
        byte[] jpeg = Convert.FromBase64String(Jpeg);
        Assert.Null(Pictures.TypeOf([.. jpeg.AsSpan(0, jpeg.Length - 2), .. Enumerable.Repeat((byte)0xFF, 4 << 20)]));
        Assert.Null(Pictures.TypeOf([.. "GIF89a"u8, 1, 0, 1, 0, 0, 0, 0, .. Enumerable.Repeat((byte[])[0x21, 0xF9, 0], 1 << 20).SelectMany(b => b)]));
        Assert.InRange(Stopwatch.GetElapsedTime(started), TimeSpan.Zero, TimeSpan.FromSeconds(10));
    }
}
