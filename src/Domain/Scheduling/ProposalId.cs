using System.Buffers;
using System.Globalization;

namespace TeleFhir.Domain.Scheduling;

/// <summary>
/// The id under which a proposal of <c>$find</c> can be read: <c>prop-</c>, the name of the answer that it was part of, and its number in it.
/// The name is a UUID of version 7 whose time is when the proposals run out, so that one that has run out is known when nothing is kept of
/// it any more. It is no secret: who may read a proposal is asked each time.
/// </summary>
/// <param name="Answer">The name of the answer: 32 hexadecimal digits.</param>
/// <param name="Number">Its place in the answer, from 0.</param>
public readonly record struct ProposalId(string Answer, int Number)
{
    private const string Prefix = "prop-";
    private const int AnswerLength = 32;
    private const int MostDigits = 4;

    private static readonly SearchValues<char> _hexDigits = SearchValues.Create("0123456789abcdef");

    /// <summary>When it runs out.</summary>
    public DateTimeOffset Expires =>
        DateTimeOffset.FromUnixTimeMilliseconds(long.Parse(Answer.AsSpan(0, 12), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture));

    /// <summary>The name of a new answer whose proposals run out then.</summary>
    public static string NewAnswer(DateTimeOffset expires) => Guid.CreateVersion7(expires).ToString("N");

    /// <summary>Reads an id; false for one that names no proposal, as those of stored Appointments.</summary>
    public static bool TryParse(string id, out ProposalId proposal)
    {
        proposal = default;
        if (!id.StartsWith(Prefix, StringComparison.Ordinal)
            || id.Length is <= 5 + AnswerLength + 1 or > 5 + AnswerLength + 1 + MostDigits
            || id[5 + AnswerLength] != '-')
        {
            return false;
        }

        var answer = id.Substring(5, AnswerLength);
        if (answer.AsSpan().ContainsAnyExcept(_hexDigits)
            || answer[0] != '0'
            || !int.TryParse(id.AsSpan(5 + AnswerLength + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var number))
        {
            return false;
        }

        proposal = new ProposalId(answer, number);
        return true;
    }

    /// <inheritdoc />
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Prefix}{Answer}-{Number}");
}
