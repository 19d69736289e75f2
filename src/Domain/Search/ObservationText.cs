using Hl7.Fhir.Model;

namespace TeleFhir.Domain.Search;

/// <summary>
/// Observations whose code is a text alone are kept by that text beside those that have codes, so that what a patient has readings of is known
/// without looking at the readings. No client can search for it.
/// </summary>
public static class ObservationText
{
    /// <summary>The number under which the texts are stored, as codes without a system.</summary>
    public static int ParameterId { get; } = CatalogType.IdOf("Observation", "code-without-coding");

    /// <summary>The text that stands for the code; null where there is a code.</summary>
    public static string? Of(Observation observation) =>
        observation.Code is { } code && !code.Coding.Exists(coding => !string.IsNullOrEmpty(coding.Code)) ? code.Text ?? "" : null;

    /// <summary>As if it were a search parameter.</summary>
    /// <param name="code">The parameter <c>code</c> of Observation.</param>
    public static SearchParameter Parameter(SearchParameter code) => code with { Id = ParameterId, Sources = [new IndexSource(ParameterId)] };
}
