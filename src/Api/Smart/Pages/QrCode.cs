using System.Globalization;
using System.Text;
using QRCoder;

namespace TeleFhir.Api.Smart.Pages;

/// <summary>A QR code of a short text, drawn by the server as a path of SVG, so that a secret in it is sent nowhere else.</summary>
/// <param name="Size">Squares along one side, the light border that readers need among them.</param>
/// <param name="Path">All dark squares, to be filled.</param>
internal sealed record QrCode(int Size, string Path)
{
    /// <summary>Longer texts make pictures that phones no longer read well.</summary>
    private const int MostBytes = 400;

    /// <summary>The code of a text, or null where the text is too long.</summary>
    public static QrCode? Of(string text)
    {
        if (Encoding.UTF8.GetByteCount(text) > MostBytes)
        {
            return null;
        }

        using var data = QRCodeGenerator.GenerateQrCode(text, QRCodeGenerator.ECCLevel.M);
        var squares = data.ModuleMatrix;
        var path = new StringBuilder();
        for (var row = 0; row < squares.Count; row++)
        {
            for (var column = 0; column < squares.Count; column++)
            {
                if (squares[row][column])
                {
                    path.Append(CultureInfo.InvariantCulture, $"M{column} {row}h1v1h-1z");
                }
            }
        }

        return new QrCode(squares.Count, path.ToString());
    }
}
