using System.Globalization;

namespace TeleFhir.Bench;

/// <summary>Options as <c>--name value</c>.</summary>
internal sealed class Arguments(IReadOnlyList<string> words)
{
    public string Text(string name, string otherwise)
    {
        for (var i = 0; i + 1 < words.Count; i++)
        {
            if (words[i] == $"--{name}")
            {
                return words[i + 1];
            }
        }

        return otherwise;
    }

    public int Number(string name, int otherwise) =>
        int.Parse(Text(name, otherwise.ToString(CultureInfo.InvariantCulture)), NumberStyles.AllowThousands, CultureInfo.InvariantCulture);

    public IReadOnlyList<int> Numbers(string name, string otherwise) =>
        [.. Text(name, otherwise).Split(',').Select(number => int.Parse(number, CultureInfo.InvariantCulture))];
}
