using System.Globalization;
using System.Text;

namespace TeleFhir.Infrastructure.Persistence;

/// <summary>A statement in the making. Values only ever enter as parameters, so equal shapes have equal text and are prepared once. They are
/// numbered as PostgreSQL numbers them, which SQLite takes for names.</summary>
internal sealed class SqlText
{
    private readonly StringBuilder _text = new();

    public List<KeyValuePair<string, object>> Parameters { get; } = [];

    public SqlText Append(string text)
    {
        _text.Append(text);
        return this;
    }

    /// <summary>Adds a value and gives the name it goes by in the text.</summary>
    public string Value(object value)
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"${Parameters.Count + 1}");
        Parameters.Add(new(name, value));
        return name;
    }

    public override string ToString() => _text.ToString();
}
