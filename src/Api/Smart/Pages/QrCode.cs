using System.Globalization;
using System.Text;

namespace TeleFhir.Api.Smart.Pages;

/// <summary>
/// A QR code (ISO/IEC 18004) of a short text, as squares that are dark or light: byte mode, error correction M, versions 1 to 15. The server
/// draws it, so that a secret in it is sent nowhere else.
/// </summary>
internal sealed class QrCode
{
    /// <summary>The light border that readers need, in squares.</summary>
    private const int Border = 4;

    private readonly QrGrid _grid;

    private QrCode(QrGrid grid) => _grid = grid;

    /// <summary>Squares along one side.</summary>
    public int Size => _grid.Size;

    /// <summary>Whether the square in this row and column is dark.</summary>
    public bool this[int row, int column] => _grid.IsDark(row, column);

    /// <summary>The code of a text, or null where the text is too long for one that phones read well.</summary>
    public static QrCode? Of(string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        if (QrVersion.Fitting(bytes.Length) is not { } version)
        {
            return null;
        }

        var grid = new QrGrid(version);
        grid.Place(version.Interleave(version.Fill(bytes)));
        grid.MaskBest();
        return new QrCode(grid);
    }

    /// <summary>The data of an SVG <c>path</c> of all dark squares, to be filled; it lies inside <see cref="ViewBox"/>.</summary>
    public string Path()
    {
        var path = new StringBuilder();
        for (var row = 0; row < Size; row++)
        {
            for (var column = 0; column < Size; column++)
            {
                if (_grid.IsDark(row, column))
                {
                    path.Append(CultureInfo.InvariantCulture, $"M{column + Border} {row + Border}h1v1h-1z");
                }
            }
        }

        return path.ToString();
    }

    /// <summary>The SVG's coordinates with the border around.</summary>
    public string ViewBox() => string.Create(CultureInfo.InvariantCulture, $"0 0 {Size + (2 * Border)} {Size + (2 * Border)}");
}
