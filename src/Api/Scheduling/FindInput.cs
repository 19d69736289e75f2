using System.Collections.Immutable;
using Hl7.Fhir.Model;
using TeleFhir.Api.Fhir;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Scheduling;
using TeleFhir.Domain.Search;

namespace TeleFhir.Api.Scheduling;

/// <summary>The parameters of <c>$find</c> as sent: each alone is well formed, what they name has not been looked up.</summary>
internal sealed record FindInput
{
    private const string Name = "find";
    private const int MostParameters = 100;
    private const int LongestText = 200;

    private static readonly string[] _names =
    [
        "start", "end", "specialty", "visit-type", "reason", "practitioner", "organization", "location-reference", "location-string",
        "patient-reference", "patient-resource", "insurance-reference", "referral-identifier", "timing", "_count", "modality",
        "ignore-appointment", "occurrence-count", DeclaredPlace.Name,
    ];

    /// <summary>All that is decided from Schedules and Slots; without patients.</summary>
    public required TimeSearch Search { get; init; }

    public required ImmutableArray<ResourceReference> Practitioners { get; init; }

    public required ImmutableArray<ResourceReference> Organizations { get; init; }

    public required ImmutableArray<ResourceReference> Locations { get; init; }

    public required ImmutableArray<ResourceReference> Patients { get; init; }

    /// <summary>Where the patient says to be then: one place or none.</summary>
    public required ImmutableArray<ResourceReference> Declared { get; init; }

    /// <summary>Parts of addresses.</summary>
    public required ImmutableArray<string> Places { get; init; }

    /// <summary>Tokens with commas between them, or null.</summary>
    public string? Specialties { get; init; }

    /// <summary>What the answer should say of the parameters.</summary>
    public ImmutableArray<string> Remarks { get; init; } = [];

    public static async Task<FindInput> ReadAsync(FhirRequest request, FhirServer server, CancellationToken cancellationToken)
    {
        var input = await OperationInput.ReadAsync(request, server, Name, _names, cancellationToken);
        if (_names.Sum(name => input.All(name).Count) > MostParameters)
        {
            throw FhirException.Invalid($"$find takes at most {MostParameters} parameters.");
        }

        var count = input.Number("_count", least: 1) ?? server.Options.Search.DefaultCount;
        var occurrences = input.Number("occurrence-count");
        if (occurrences is < WeeklySeries.Fewest or > WeeklySeries.Most)
        {
            throw Refusal.Invalid("occurrence-count", $"A series has {WeeklySeries.Fewest} to {WeeklySeries.Most} appointments.")
                .ToException(server.Booking.Canonicals);
        }

        var ignored = References(input, server, "ignore-appointment", "Appointment");
        if (ignored.Length > 1 || ignored.Any(reference => reference.Reference is null))
        {
            throw input.Wrong("ignore-appointment", "must be one reference to an Appointment");
        }

        var declared = References(input, server, DeclaredPlace.Name, "Location");
        if (declared.Length > 1)
        {
            throw input.Wrong(DeclaredPlace.Name, "must be one reference to a Location");
        }

        return new FindInput
        {
            Search = new TimeSearch(WindowOf(input, server), server.Clock.GetUtcNow())
            {
                VisitTypes = Tokens(input, server, "visit-type"),
                Modality = ModalityOf(input),
                Preferred = PreferredOf(input),
                Reasons = [.. input.Texts("reason").Select(text => Reason(input, text))],
                Referral = ReferralOf(input),
                Occurrences = occurrences,
                IgnoredAppointment = ignored is [{ Reference: { } one }] ? one.Split('/')[1] : null,
                PatientOverlap = server.Booking.PatientOverlap,
                Count = Math.Min(count, server.Options.Search.MaxCount),
            },
            Practitioners = References(input, server, "practitioner", "Practitioner", "PractitionerRole"),
            Organizations = References(input, server, "organization", "Organization"),
            Locations = References(input, server, "location-reference", "Location"),
            Patients = References(input, server, "patient-reference", "Patient"),
            Declared = declared,
            Places = [.. input.Texts("location-string").Where(text => text.Length > 0).Select(text => Plain(input, "location-string", text))],
            Specialties = Tokens(input, server, "specialty") is { IsEmpty: false } ? string.Join(',', input.Texts("specialty")) : null,
            Remarks = RemarksOf(input, server),
        };
    }

    private static Period WindowOf(OperationInput input, FhirServer server)
    {
        var window = new Period { Start = Time(input, "start"), End = Time(input, "end") };
        return FindWindow.Check(window) is { } refusal ? throw refusal.ToException(server.Booking.Canonicals) : window;
    }

    private static string Time(OperationInput input, string name)
    {
        // A plus that was not encoded arrives as a space.
        var text = (input.Text(name) ?? throw input.Wrong(name, "must be given")).Replace(' ', '+');
        return FhirDateTime.IsValidValue(text) ? text : throw input.Wrong(name, "must be a date, or a time with its offset");
    }

    private static VisitModality? ModalityOf(OperationInput input) => input.Text("modality")?.Split('|')[^1] switch
    {
        null => null,
        "VR" => VisitModality.Virtual,
        "AMB" => VisitModality.InPerson,
        _ => throw input.Wrong("modality", "must be VR or AMB"),
    };

    private static PreferredTimes? PreferredOf(OperationInput input) => input.Find<Timing>("timing") is not { } timing ? null
        : PreferredTimes.Read(timing)
            ?? throw FhirException.NotSupported("$find: timing can say repeat.dayOfWeek, repeat.timeOfDay and, of repeat.when, the parts of a day.");

    private static Identifier? ReferralOf(OperationInput input) => input.All("referral-identifier") switch
    {
        [] => null,
        [Identifier identifier] => identifier,
        [PrimitiveType text] when text.ToString()?.Split('|') is [.. var system, { Length: > 0 } value] && system.Length <= 1 =>
            new Identifier(system is [{ Length: > 0 } one] ? Plain(input, "referral-identifier", one) : null, Plain(input, "referral-identifier", value)),
        _ => throw input.Wrong("referral-identifier", "must be one identifier, in an address system|value"),
    };

    private static CodeableConcept Reason(OperationInput input, string text) => Plain(input, "reason", text).Split('|') switch
    {
        [{ Length: > 0 } words] => new CodeableConcept { Text = words },
        [var system, { Length: > 0 } code] => new CodeableConcept { Coding = [new Coding(system.Length > 0 ? system : null, code)] },
        _ => throw input.Wrong("reason", "must be system|code, or a text"),
    };

    private static string Plain(OperationInput input, string name, string text) =>
        text.Length <= LongestText && !text.Any(char.IsControl) && !text.Any(char.IsSurrogate)
            ? text.Trim()
            : throw input.Wrong(name, "is too long or has characters that it cannot have");

    private static ImmutableArray<TokenSearchValue> Tokens(OperationInput input, FhirServer server, string name)
    {
        var text = string.Join(',', input.Texts(name));
        if (text.Length == 0)
        {
            return [];
        }

        var query = server.Parser.Parse(["Slot"], [new("service-type", text)], strict: true);
        return query.Criteria is [ValueCriterion { Values: var values }]
            ? [.. values.Cast<TokenSearchValue>()]
            : throw input.Wrong(name, "must be system|code");
    }

    private static ImmutableArray<ResourceReference> References(OperationInput input, FhirServer server, string name, params string[] types)
    {
        var found = ImmutableArray.CreateBuilder<ResourceReference>();
        foreach (var value in input.All(name))
        {
            if (value is ResourceReference { Reference: null, Identifier: { Value.Length: > 0 } identifier })
            {
                found.Add(new ResourceReference { Identifier = new(identifier.System, Plain(input, name, identifier.Value)) });
                continue;
            }

            var text = (value as ResourceReference)?.Reference ?? (value as PrimitiveType)?.ToString();
            foreach (var one in (text ?? "").Split(','))
            {
                found.Add(new ResourceReference(Reference(one.Trim(), server, types)?.ToString() ?? throw input.Wrong(name, $"must be a reference to a {string.Join(" or ", types)} of this server")));
            }
        }

        return found.ToImmutable();
    }

    private static ResourceKey? Reference(string text, FhirServer server, string[] types)
    {
        var local = text.StartsWith(server.Address.Base + "/", StringComparison.Ordinal) ? text[(server.Address.Base.Length + 1)..] : text;
        return ResourceKey.IsId(local) ? new ResourceKey(types[0], local)
            : ResourceKey.TryParse(local, out var key) && types.Contains(key.Type) ? new ResourceKey(key.Type, key.Id)
            : null;
    }

    private static ImmutableArray<string> RemarksOf(OperationInput input, FhirServer server)
    {
        // Checked, so that a mistake is told; which plans a clinician takes is said nowhere in R4's Schedules.
        References(input, server, "insurance-reference", "Coverage", "InsurancePlan");
        var remarks = ImmutableArray.CreateBuilder<string>();
        if (input.All("insurance-reference").Count > 0)
        {
            remarks.Add("insurance-reference does not narrow the search.");
        }

        if (input.All("patient-resource") is { Count: > 0 } patients)
        {
            remarks.Add(patients.TrueForAll(patient => patient is Patient)
                ? "patient-resource does not narrow the search: give it to $book."
                : throw input.Wrong("patient-resource", "must be a Patient in the content"));
        }

        return remarks.ToImmutable();
    }
}
