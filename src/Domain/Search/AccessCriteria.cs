using System.Collections.Immutable;
using TeleFhir.Domain.Access;
using TeleFhir.Domain.Fhir;

namespace TeleFhir.Domain.Search;

/// <summary>One of these holds; none at all where there are no alternatives.</summary>
public sealed record AnyCriterion(ImmutableArray<Criterion> Alternatives) : Criterion
{
    /// <summary>What nothing satisfies.</summary>
    public static AnyCriterion Nothing { get; } = new([]);
}

/// <summary>All of these hold.</summary>
public sealed record AllCriterion(ImmutableArray<Criterion> Parts) : Criterion;

/// <summary>The resource is in the compartment of one of the patients.</summary>
/// <param name="Type">Its type; a Patient is in its own compartment by id.</param>
/// <param name="Sources">The rows of references through which it may be; empty for a Patient.</param>
/// <param name="Patients">Whose compartments.</param>
public sealed record CompartmentCriterion(string Type, ImmutableArray<IndexSource> Sources, PatientSet Patients) : Criterion
{
    /// <summary>In the compartment of one patient.</summary>
    public static CompartmentCriterion Of(SearchParameterCatalog catalog, string type, string patient) =>
        new(type, SourcesOf(catalog, type), new NamedPatients([patient]));

    /// <summary>The rows that put a resource of the type into a patient's record.</summary>
    public static ImmutableArray<IndexSource> SourcesOf(SearchParameterCatalog catalog, string type)
    {
        if (type == "Patient")
        {
            return [];
        }

        var codes = PatientCompartment.ParametersOf(type);
        var parameters = codes.IsEmpty
            ? catalog.For(type).Where(parameter => parameter is { Kind: IndexKind.Reference, Code: "patient" or "subject" })
            : codes.Select(code => catalog.Find(type, code)!);
        return [.. parameters.SelectMany(parameter => parameter.Sources).Select(source => source with { TargetType = null }).Distinct()];
    }
}

/// <summary>The resource names no patient at all.</summary>
/// <param name="Sources">The rows of references that could.</param>
public sealed record NoPatientCriterion(ImmutableArray<IndexSource> Sources) : Criterion;

/// <summary>The resource has no security label above a clearance.</summary>
/// <param name="Labels">The rows of <c>meta.security</c>.</param>
/// <param name="Highest">Labels above this withhold it.</param>
public sealed record ClearanceCriterion(ImmutableArray<IndexSource> Labels, Confidentiality Highest) : Criterion;

/// <summary>No active Consent of a patient whose compartment it is in denies it to the caller.</summary>
/// <param name="Type">Its type.</param>
/// <param name="Sources">As in <see cref="CompartmentCriterion"/>.</param>
/// <param name="User">The resource that the user is, or null.</param>
/// <param name="Now">The moment that a Consent's period must hold, UTC ticks.</param>
/// <param name="Exempt">Ids of patients whose denials do not count for this caller: they themselves, and those behind broken glass.</param>
public sealed record ConsentCriterion(
    string Type, ImmutableArray<IndexSource> Sources, ResourceKey? User, long Now, ImmutableArray<string> Exempt) : Criterion;

/// <summary>The resource that a Binary names as its security context is seen (https://hl7.org/fhir/R4/binary.html#security).</summary>
/// <param name="Contexts">What resources of each type must satisfy to be seen; a context of another type is not seen.</param>
public sealed record SecurityContextCriterion(ImmutableArray<VisibleType> Contexts) : Criterion
{
    /// <summary>The number of the rows of references that say what the security context is.</summary>
    public static int ParameterId { get; } = CatalogType.IdOf("Binary", "security-context");

    /// <summary>What files belong to. A file of anything else is for those alone from whom nothing is withheld.</summary>
    public static ImmutableArray<string> Types { get; } =
    [
        "Patient", "Encounter", "Appointment", "DocumentReference", "Media", "DiagnosticReport", "ImagingStudy", "Observation", "ServiceRequest",
        "Communication", "CommunicationRequest", "QuestionnaireResponse", "Consent", "Composition", "Condition", "Procedure", "CarePlan", "Person",
        "RelatedPerson", "Practitioner", "Organization", "Task", "Coverage", "Claim", "Questionnaire", "Specimen", "BodyStructure",
    ];
}

/// <summary>What resources of a type must satisfy to be seen.</summary>
public sealed record VisibleType(string Type, ImmutableArray<Criterion> Visible);

/// <summary>The Binary names no security context.</summary>
public sealed record NoSecurityContextCriterion : Criterion;

/// <summary>Some patients.</summary>
public abstract record PatientSet;

/// <summary>The patients with these ids.</summary>
public sealed record NamedPatients(ImmutableArray<string> Ids) : PatientSet;

/// <summary>
/// The patients of the organizations in which a practitioner has a role that is not inactive, those who name the practitioner, the role or
/// such an organization as general practitioner, and those named.
/// </summary>
/// <param name="User">A Practitioner or PractitionerRole.</param>
/// <param name="Also">Ids of others, behind broken glass.</param>
public sealed record PatientsOfPractitioner(ResourceKey User, ImmutableArray<string> Also) : PatientSet;

/// <summary>The patients that a RelatedPerson is related to.</summary>
public sealed record PatientsOfRelatedPerson(ResourceKey User) : PatientSet;
