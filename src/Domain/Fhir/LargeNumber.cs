using Hl7.Fhir.Utility;
using Hl7.Fhir.Validation;

namespace TeleFhir.Domain.Fhir;

/// <summary>
/// A decimal that is sound by the specification but larger than <see cref="decimal"/> holds, such as <c>1.0E+245</c>: the SDK takes it for
/// a literal of the wrong type. The stored JSON keeps its digits, so it is accepted; it is not indexed.
/// </summary>
internal static class LargeNumber
{
    public static bool Is(CodedException fault, ReadOnlySpan<byte> json)
    {
        if (fault is not ExtendedCodedException { LineNumber: { } line, Position: { } position }
            || fault.ErrorCode != CodedValidationException.INCORRECT_LITERAL_VALUE_TYPE_CODE
            || !fault.Message.Contains("literal for a decimal", StringComparison.Ordinal))
        {
            return false;
        }

        // The fault is placed behind the value: a number ends in a digit, everything else in a quote, a letter or a bracket.
        var start = 0;
        for (var at = 1; at < line; at++)
        {
            start += json[start..].IndexOf((byte)'\n') + 1;
        }

        var last = start + (int)position - 2;
        return last >= 0 && last < json.Length && char.IsAsciiDigit((char)json[last]);
    }
}
