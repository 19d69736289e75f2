namespace TeleFhir.Api.Smart.Pages;

/// <summary>The squares of a QR code: those that every reader looks for, those that hold codewords, and the mask over the latter.</summary>
internal sealed class QrGrid
{
    private const int Masks = 8;
    private const int FormatPolynomial = 0x537;
    private const int FormatMask = 0x5412;
    private const int VersionPolynomial = 0x1f25;
    private const int FirstWithVersion = 7;

    private readonly int _version;
    private readonly bool[,] _dark;
    private readonly bool[,] _fixed;

    public QrGrid(QrVersion version)
    {
        _version = version.Number;
        Size = SizeOf(_version);
        _dark = new bool[Size, Size];
        _fixed = new bool[Size, Size];
        DrawPatterns();
    }

    public int Size { get; }

    public bool IsDark(int row, int column) => _dark[row, column];

    /// <summary>How many squares are left for codewords.</summary>
    public static int FreeSquares(int version)
    {
        var size = SizeOf(version);
        var alignments = AlignmentsOf(version).Length;
        var patterns = alignments == 0 ? 0 : ((alignments * alignments) - 3) * 25;

        // Alignment patterns on the timing lines share five squares with them.
        var shared = alignments == 0 ? 0 : (alignments - 2) * 2 * 5;
        var finders = 3 * 64;
        var timing = 2 * (size - 16);
        var format = (2 * 15) + 1;
        return (size * size) - finders - timing - format - patterns + shared - (version < FirstWithVersion ? 0 : 36);
    }

    /// <summary>Lays the codewords out, two columns at a time from the right, up and down by turns.</summary>
    public void Place(byte[] codewords)
    {
        var bit = 0;
        var upwards = true;
        for (var right = Size - 1; right > 0; right -= 2, upwards = !upwards)
        {
            // The column of the timing line holds no data.
            right = right == 6 ? 5 : right;
            for (var step = 0; step < Size; step++)
            {
                var row = upwards ? Size - 1 - step : step;
                for (var column = right; column >= right - 1; column--)
                {
                    if (!_fixed[row, column] && bit < codewords.Length * 8)
                    {
                        _dark[row, column] = ((codewords[bit / 8] >> (7 - (bit % 8))) & 1) == 1;
                        bit++;
                    }
                }
            }
        }
    }

    /// <summary>Applies the mask that leaves the fewest patterns that would confuse a reader.</summary>
    public void MaskBest()
    {
        var best = Enumerable.Range(0, Masks).MinBy(mask =>
        {
            Apply(mask);
            var penalty = new QrPenalty(_dark).Sum();
            Apply(mask);
            return penalty;
        });
        Apply(best);
    }

    private static int SizeOf(int version) => 17 + (4 * version);

    /// <summary>Where the centres of alignment patterns lie, in rows and in columns.</summary>
    private static int[] AlignmentsOf(int version)
    {
        if (version == 1)
        {
            return [];
        }

        var count = (version / 7) + 2;
        var last = SizeOf(version) - 7;
        var step = (int)Math.Ceiling((last - 6) / (2.0 * (count - 1))) * 2;
        return [6, .. Enumerable.Range(0, count - 1).Select(at => last - ((count - 2 - at) * step))];
    }

    private void DrawPatterns()
    {
        for (var at = 0; at < Size; at++)
        {
            Fix(6, at, at % 2 == 0);
            Fix(at, 6, at % 2 == 0);
        }

        DrawRings(3, 3, reach: 4);
        DrawRings(3, Size - 4, reach: 4);
        DrawRings(Size - 4, 3, reach: 4);
        var centres = AlignmentsOf(_version);
        foreach (var (row, column) in from row in centres from column in centres select (row, column))
        {
            var last = Size - 7;
            if ((row, column) != (6, 6) && (row, column) != (6, last) && (row, column) != (last, 6))
            {
                DrawRings(row, column, reach: 2);
            }
        }

        DrawFormat(mask: 0);
        DrawVersion();
    }

    /// <summary>Squares around a centre: dark, light, dark, and for a finder (reach 4) a light rim.</summary>
    private void DrawRings(int row, int column, int reach)
    {
        for (var down = -reach; down <= reach; down++)
        {
            for (var across = -reach; across <= reach; across++)
            {
                var distance = Math.Max(Math.Abs(down), Math.Abs(across));
                var isDark = reach == 4 ? distance is not (2 or 4) : distance != 1;
                if (row + down >= 0 && row + down < Size && column + across >= 0 && column + across < Size)
                {
                    Fix(row + down, column + across, isDark);
                }
            }
        }
    }

    /// <summary>Error correction M (00) and the mask, guarded by a BCH code, twice.</summary>
    private void DrawFormat(int mask)
    {
        var bits = ((mask << 10) | Remainder(mask, 10, FormatPolynomial)) ^ FormatMask;
        for (var bit = 0; bit < 15; bit++)
        {
            var isDark = ((bits >> bit) & 1) == 1;
            var (row, column) = bit switch
            {
                < 6 => (bit, 8),
                6 => (7, 8),
                7 => (8, 8),
                8 => (8, 7),
                _ => (8, 14 - bit),
            };
            Fix(row, column, isDark);
            Fix(bit < 8 ? 8 : Size - 15 + bit, bit < 8 ? Size - 1 - bit : 8, isDark);
        }

        Fix(Size - 8, 8, isDark: true);
    }

    private void DrawVersion()
    {
        if (_version < FirstWithVersion)
        {
            return;
        }

        var bits = (_version << 12) | Remainder(_version, 12, VersionPolynomial);
        for (var bit = 0; bit < 18; bit++)
        {
            var isDark = ((bits >> bit) & 1) == 1;
            Fix(bit / 3, Size - 11 + (bit % 3), isDark);
            Fix(Size - 11 + (bit % 3), bit / 3, isDark);
        }
    }

    private static int Remainder(int value, int length, int polynomial)
    {
        var rest = value;
        for (var i = 0; i < length; i++)
        {
            rest = (rest << 1) ^ ((rest >> (length - 1)) * polynomial);
        }

        return rest;
    }

    /// <summary>Lays a mask over the codewords, or takes it off again.</summary>
    private void Apply(int mask)
    {
        for (var row = 0; row < Size; row++)
        {
            for (var column = 0; column < Size; column++)
            {
                _dark[row, column] ^= !_fixed[row, column] && IsMasked(mask, row, column);
            }
        }

        DrawFormat(mask);
    }

    private static bool IsMasked(int mask, int row, int column) => 0 == mask switch
    {
        0 => (row + column) % 2,
        1 => row % 2,
        2 => column % 3,
        3 => (row + column) % 3,
        4 => ((row / 2) + (column / 3)) % 2,
        5 => (row * column % 2) + (row * column % 3),
        6 => ((row * column % 2) + (row * column % 3)) % 2,
        _ => (((row + column) % 2) + (row * column % 3)) % 2,
    };

    private void Fix(int row, int column, bool isDark)
    {
        _dark[row, column] = isDark;
        _fixed[row, column] = true;
    }
}
