using System.Security.Cryptography;
using System.Text;
using TeleFhir.Api.Smart.Pages;

namespace TeleFhir.Api.Tests.Smart.People;

/// <summary>The pictures expected here were read back by ZBar, as was one of every version.</summary>
public sealed class QrCodeTests
{
    [Fact]
    public void A_short_text_is_the_picture_that_a_reader_reads()
    {
        const string Expected = """
            #######.###.#.#######
            #.....#.#.###.#.....#
            #.###.#.####..#.###.#
            #.###.#...###.#.###.#
            #.###.#.###.#.#.###.#
            #.....#....##.#.....#
            #######.#.#.#.#######
            ..........###........
            #..#######..##..#.###
            #..#.#....#.#.##.##..
            #.#..##...#.......###
            .#..##.#####...##.#..
            #..##.##.#...###.#..#
            ........#..##...##..#
            #######.#...###.#.#..
            #.....#.######..###.#
            #.###.#.##.##.####...
            #.###.#.#.###.....#..
            #.###.#..#....#.#.###
            #.....#..##..##.#####
            #######.#.##....#.#..
            """;
        var code = QrCode.Of("TeleFhir")!;

        var picture = Enumerable.Range(0, code.Size)
            .Select(row => string.Concat(Enumerable.Range(0, code.Size).Select(column => code[row, column] ? '#' : '.')));

        Assert.Equal(Expected.ReplaceLineEndings("\n"), string.Join('\n', picture));
    }

    [Theory]
    [InlineData(
        "otpauth://totp/TeleFhir:lee?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=TeleFhir&algorithm=SHA1&digits=6&period=30",
        45,
        "D97C116A763FA780F2D77C43AE98A188AFC530B26AD0FA3379CFD5CD88791FCB")]
    [InlineData("x", 21, null)]
    [InlineData("Zoë Müller", 21, null)]
    public void Larger_texts_take_larger_pictures(string text, int size, string? hash)
    {
        var code = QrCode.Of(text)!;

        Assert.Equal(size, code.Size);
        Assert.Equal($"0 0 {size + 8} {size + 8}", code.ViewBox());
        if (hash is not null)
        {
            Assert.Equal(hash, Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(code.Path()))));
        }
    }

    [Fact]
    public void The_longest_text_still_has_a_picture_and_a_longer_one_has_none()
    {
        var code = QrCode.Of(new string('x', 412))!;

        Assert.Equal(77, code.Size);
        Assert.Null(QrCode.Of(new string('x', 413)));
    }

    /// <summary>A block and its check bytes are a polynomial that is zero at every root of the generator: errors are what makes it not so.</summary>
    [Theory]
    [InlineData(5)]
    [InlineData(10)]
    public void Check_bytes_prove_their_data(int length)
    {
        var version = QrVersion.Fitting(length)!;
        var codewords = version.Interleave(version.Fill([.. Enumerable.Range(1, length).Select(value => (byte)(value * 37))]));

        byte root = 1;
        for (var i = 0; i < 10; i++)
        {
            Assert.Equal(0, codewords.Aggregate((byte)0, (sum, value) => (byte)(QrVersion.Product(sum, root) ^ value)));
            root = QrVersion.Product(root, 2);
        }
    }
}
