using Microsoft.Extensions.Primitives;
using TeleFhir.Domain.Fhir;

namespace TeleFhir.Api.Fhir;

/// <summary>What a write answers with.</summary>
internal enum ReturnPreference
{
    Representation,
    Minimal,
    OperationOutcome,
}

/// <summary>The Prefer header (RFC 7240, https://hl7.org/fhir/R4/http.html#ops). Preferences of other specifications are ignored.</summary>
/// <param name="Return">What a write answers with; null where nothing is asked for: the resource, but not for each entry of a Bundle.</param>
/// <param name="IsAsync">Whether the answer may come later, from another address.</param>
/// <param name="Strict">Whether a search parameter that is not understood is refused instead of left out.</param>
internal readonly record struct Preferences(ReturnPreference? Return, bool Strict, bool IsAsync)
{
    public static Preferences Of(StringValues header)
    {
        var preferences = default(Preferences);
        foreach (var line in header)
        {
            foreach (var item in (line ?? string.Empty).Split([',', ';'], StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
            {
                preferences = preferences.With(item);
            }
        }

        return preferences;
    }

    private Preferences With(string item)
    {
        var equals = item.IndexOf('=', StringComparison.Ordinal);
        var name = equals < 0 ? item : item[..equals].TrimEnd();
        var value = equals < 0 ? string.Empty : item[(equals + 1)..].TrimStart().Trim('"');
        if (name.Equals("return", StringComparison.OrdinalIgnoreCase))
        {
            return this with
            {
                Return = value switch
                {
                    "minimal" => ReturnPreference.Minimal,
                    "representation" => ReturnPreference.Representation,
                    "OperationOutcome" => ReturnPreference.OperationOutcome,
                    _ => throw FhirException.Invalid("Prefer: return must be minimal, representation or OperationOutcome."),
                },
            };
        }

        if (name.Equals("handling", StringComparison.OrdinalIgnoreCase))
        {
            return this with
            {
                Strict = value switch
                {
                    "strict" => true,
                    "lenient" => false,
                    _ => throw FhirException.Invalid("Prefer: handling must be strict or lenient."),
                },
            };
        }

        return name.Equals("respond-async", StringComparison.OrdinalIgnoreCase) ? this with { IsAsync = true } : this;
    }
}
