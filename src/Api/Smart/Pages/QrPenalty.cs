namespace TeleFhir.Api.Smart.Pages;

/// <summary>How much a pattern may confuse a reader (ISO/IEC 18004, 7.8.3).</summary>
internal sealed class QrPenalty(bool[,] dark)
{
    private static readonly bool[] _finder = [true, false, true, true, true, false, true];

    private readonly int _size = dark.GetLength(0);

    public int Sum() => Lines().Sum(line => Runs(line) + Finders(line)) + Blocks() + Balance();

    private IEnumerable<bool[]> Lines() => Enumerable.Range(0, _size).SelectMany(at => (bool[][])
    [
        [.. Enumerable.Range(0, _size).Select(column => dark[at, column])],
        [.. Enumerable.Range(0, _size).Select(row => dark[row, at])],
    ]);

    /// <summary>Five or more of one colour in a row.</summary>
    private static int Runs(bool[] line)
    {
        var (penalty, run) = (0, 1);
        for (var at = 1; at <= line.Length; at++)
        {
            if (at < line.Length && line[at] == line[at - 1])
            {
                run++;
                continue;
            }

            penalty += run >= 5 ? run - 2 : 0;
            run = 1;
        }

        return penalty;
    }

    /// <summary>What looks like a finder: its colours with four light squares on one side. Outside the code all is light.</summary>
    private static int Finders(bool[] line)
    {
        var penalty = 0;
        for (var from = 0; from + _finder.Length <= line.Length; from++)
        {
            if (line.AsSpan(from, _finder.Length).SequenceEqual(_finder))
            {
                penalty += (IsLight(line, from - 4) ? 40 : 0) + (IsLight(line, from + _finder.Length) ? 40 : 0);
            }
        }

        return penalty;
    }

    private static bool IsLight(bool[] line, int from) =>
        Enumerable.Range(from, 4).All(at => at < 0 || at >= line.Length || !line[at]);

    /// <summary>Two by two of one colour.</summary>
    private int Blocks()
    {
        var penalty = 0;
        for (var row = 1; row < _size; row++)
        {
            for (var column = 1; column < _size; column++)
            {
                var colour = dark[row, column];
                penalty += dark[row - 1, column] == colour && dark[row, column - 1] == colour && dark[row - 1, column - 1] == colour ? 3 : 0;
            }
        }

        return penalty;
    }

    /// <summary>Far from half dark.</summary>
    private int Balance()
    {
        var count = dark.Cast<bool>().Count(square => square);
        return Math.Abs((count * 20) - (_size * _size * 10)) / (_size * _size) * 10;
    }
}
