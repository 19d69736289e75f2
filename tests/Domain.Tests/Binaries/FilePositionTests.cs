using System.Text;
using TeleFhir.Domain.Binaries;

namespace TeleFhir.Domain.Tests.Binaries;

public sealed class FilePositionTests
{
    /// <summary>A picture may be cut off or damaged anywhere: what cannot be read is wiped or left, and nothing is thrown.</summary>
    [Theory]
    [InlineData(FileKind.Jpeg)]
    [InlineData(FileKind.Png)]
    [InlineData(FileKind.Webp)]
    [InlineData(FileKind.Heif)]
    [InlineData(FileKind.IsoMedia)]
    public void Damaged_files_are_borne(FileKind kind)
    {
        var random = new Random(17);
        var seed = Encoding.Latin1.GetBytes(
            "\u00FF\u00D8\u00FF\u00E1\0\u0040Exif\0\0II*\0\b\0\0\0\u0001\0\u0025\u0088\u0004\0\u0001\0\0\0\u001A\0\0\0\0\0\0\0\u0001\0\u0002\0\u0005\0\u0003\0\0\0\u0030\0\0\0metailociinfExifeXIfRIFF");
        for (var round = 0; round < 3000; round++)
        {
            var bytes = new byte[random.Next(1, 300)];
            random.NextBytes(bytes);
            seed.AsSpan(0, Math.Min(seed.Length, bytes.Length)).CopyTo(bytes);
            for (var change = 0; change < 8; change++)
            {
                bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            }

            using var file = new MemoryStream(bytes.Length + 64);
            file.Write(bytes);
            FilePosition.Remove(file, kind);
            Assert.Equal(bytes.Length, file.Length);
        }
    }

    [Fact]
    public void An_Exif_block_that_cannot_be_read_is_wiped()
    {
        byte[] broken = [0xFF, 0xD8, 0xFF, 0xE1, 0, 20, .. "Exif\0\0II*\0"u8, 0xFF, 0xFF, 0xFF, 0x7F, 1, 2, 3, 4, 0xFF, 0xD9];
        using var file = new MemoryStream();
        file.Write(broken);

        FilePosition.Remove(file, FileKind.Jpeg);

        Assert.Equal([0xFF, 0xD8, 0xFF, 0xE1, 0, 20, .. "Exif\0\0"u8, .. new byte[12], 0xFF, 0xD9], file.ToArray());
    }

    [Theory]
    [InlineData("image/png", FileKind.Png, true)]
    [InlineData("image/png", FileKind.Jpeg, false)]
    [InlineData("audio/x-anything", FileKind.Ogg, true)]
    [InlineData("audio/x-anything", FileKind.Text, false)]
    [InlineData("application/fhir+json", FileKind.Text, true)]
    [InlineData("application/x-own", FileKind.Unknown, true)]
    [InlineData("application/x-own", FileKind.Foreign, false)]
    [InlineData("application/x-own", FileKind.Pdf, false)]
    public void A_kind_agrees_with_a_type_or_not(string type, FileKind kind, bool agrees) => Assert.Equal(agrees, FileSignature.Agree(type, kind));
}
