namespace TeleFhir.Api.Smart.Pages;

/// <summary>A size of QR code, and how bytes become its codewords: data in blocks, each with its Reed-Solomon check bytes.</summary>
internal sealed class QrVersion
{
    private const int Polynomial = 0x11d;

    /// <summary>Check bytes of each block, and blocks, for error correction M (ISO/IEC 18004, table 9).</summary>
    private static readonly (int Check, int Blocks)[] _blocks =
    [
        (10, 1), (16, 1), (26, 1), (18, 2), (24, 2), (16, 4), (18, 4), (22, 4), (22, 5), (26, 5), (30, 5), (22, 8), (22, 9), (24, 9), (24, 10),
    ];

    private readonly int _check;
    private readonly int _count;
    private readonly int _total;

    private QrVersion(int number)
    {
        Number = number;
        (_check, _count) = _blocks[number - 1];
        _total = QrGrid.FreeSquares(number) / 8;
    }

    public int Number { get; }

    /// <summary>Codewords that hold data.</summary>
    public int DataLength => _total - (_check * _count);

    /// <summary>The smallest that takes so many bytes, or null.</summary>
    public static QrVersion? Fitting(int bytes) =>
        Enumerable.Range(1, _blocks.Length).Select(number => new QrVersion(number)).FirstOrDefault(version => version.HeaderBits + (bytes * 8) <= version.DataLength * 8);

    private int HeaderBits => 4 + CountBits;

    private int CountBits => Number < 10 ? 8 : 16;

    /// <summary>The data codewords: mode, length, the bytes, and padding.</summary>
    public byte[] Fill(byte[] bytes)
    {
        var data = new byte[DataLength];
        var bit = 0;
        Append(0b0100, 4);
        Append(bytes.Length, CountBits);
        foreach (var value in bytes)
        {
            Append(value, 8);
        }

        // The terminator is zeros, as is the rest of its byte; what is left alternates between two patterns.
        var end = Math.Min(bit + 4, data.Length * 8);
        for (var (at, pad) = ((end + 7) / 8, 0xec); at < data.Length; at++, pad ^= 0xec ^ 0x11)
        {
            data[at] = (byte)pad;
        }

        return data;

        void Append(int value, int length)
        {
            for (var shift = length - 1; shift >= 0; shift--, bit++)
            {
                data[bit / 8] |= (byte)(((value >> shift) & 1) << (7 - (bit % 8)));
            }
        }
    }

    /// <summary>All codewords in the order they are placed: the first of each block, the second of each, and so on, then the check bytes.</summary>
    public byte[] Interleave(byte[] data)
    {
        var shortest = DataLength / _count;
        var longer = DataLength % _count;
        var blocks = new List<(byte[] Data, byte[] Check)>();
        for (var (block, from) = (0, 0); block < _count; block++)
        {
            var length = shortest + (block >= _count - longer ? 1 : 0);
            var part = data[from..(from + length)];
            blocks.Add((part, CheckBytes(part)));
            from += length;
        }

        var inOrder = Enumerable.Range(0, shortest + 1).SelectMany(at => blocks.Where(block => at < block.Data.Length).Select(block => block.Data[at]));
        return [.. inOrder, .. Enumerable.Range(0, _check).SelectMany(at => blocks.Select(block => block.Check[at]))];
    }

    private byte[] CheckBytes(byte[] data)
    {
        var generator = Generator(_check);
        var rest = new byte[_check];
        foreach (var value in data)
        {
            var factor = (byte)(value ^ rest[0]);
            rest = [.. rest[1..], 0];
            for (var at = 0; at < _check; at++)
            {
                rest[at] ^= Product(generator[at], factor);
            }
        }

        return rest;
    }

    /// <summary>The product of (x - 2^i) for i below the degree, highest power first, without the leading one.</summary>
    private static byte[] Generator(int degree)
    {
        var factors = new byte[degree];
        factors[^1] = 1;
        byte root = 1;
        for (var i = 0; i < degree; i++)
        {
            for (var at = 0; at < degree; at++)
            {
                factors[at] = (byte)(Product(factors[at], root) ^ (at + 1 < degree ? factors[at + 1] : 0));
            }

            root = Product(root, 2);
        }

        return factors;
    }

    /// <summary>Multiplication in the field of 256 elements that QR codes use.</summary>
    internal static byte Product(byte left, byte right)
    {
        var product = 0;
        for (var bit = 7; bit >= 0; bit--)
        {
            product = (product << 1) ^ ((product >> 7) * Polynomial);
            product ^= ((right >> bit) & 1) * left;
        }

        return (byte)product;
    }
}
