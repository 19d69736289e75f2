using Hl7.Fhir.Model;
using TeleFhir.Domain.Access;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Search;

namespace TeleFhir.Infrastructure.Persistence;

/// <summary>
/// What a Consent denies (https://hl7.org/fhir/R4/consent.html), as rows that a search can look up. Each provision of type deny is a rule: for
/// its actors, for the resource types of its class, in its period. What narrows a denial in another way (purpose, label, code, data, or a
/// permit inside it) is not looked at: then more is denied than was asked for, never less.
/// </summary>
internal static class ConsentRules
{
    private const string ResourceTypes = "http://hl7.org/fhir/resource-types";
    private const int MostDepth = 10;

    /// <summary>The rules of a Consent; none unless it is active, of a patient, and about the record rather than about what is done in a visit.</summary>
    /// <param name="consent">The resource.</param>
    /// <param name="key">Its storage key.</param>
    /// <param name="local">Turns an address under our own base into <c>Type/id</c>.</param>
    public static IEnumerable<ConsentRuleRow> Of(Consent consent, long key, Func<string, string> local)
    {
        if (consent.Status != Consent.ConsentState.Active || consent.Patient?.Reference is not { } patient || consent.Provision is null || ActiveConsent.IsOfUse(consent))
        {
            return [];
        }

        var rules = new List<ConsentRuleRow>();
        Add(rules, consent.Provision, StorageHash.Of(local(patient)), key, local, (DateRange.Earliest, DateRange.Latest), depth: 0);
        return rules;
    }

    private static void Add(
        List<ConsentRuleRow> rules,
        Consent.provisionComponent provision,
        long patient,
        long key,
        Func<string, string> local,
        (long Starts, long Ends) within,
        int depth)
    {
        var period = Within(within, provision.Period);
        if (provision.Type == Consent.ConsentProvisionType.Deny)
        {
            foreach (var actor in Actors(provision, local))
            {
                foreach (var type in Types(provision))
                {
                    rules.Add(new ConsentRuleRow
                    {
                        Key = key,
                        Ordinal = (short)Math.Min(rules.Count, short.MaxValue),
                        Patient = patient,
                        Actor = actor,
                        Type = type,
                        Starts = period.Starts,
                        Ends = period.Ends,
                    });
                }
            }

            return;
        }

        foreach (var nested in depth < MostDepth ? provision.Provision : [])
        {
            Add(rules, nested, patient, key, local, period, depth + 1);
        }
    }

    // An actor known by an identifier alone cannot be told from others.
    private static IEnumerable<long> Actors(Consent.provisionComponent provision, Func<string, string> local) =>
        provision.Actor.Count == 0 || provision.Actor.Exists(actor => actor.Reference?.Reference is null)
            ? [0]
            : provision.Actor.Select(actor => StorageHash.Of(local(actor.Reference!.Reference!))).Distinct();

    private static IEnumerable<short> Types(Consent.provisionComponent provision) =>
        provision.Class.Count == 0 || provision.Class.Exists(one => one.System != ResourceTypes || !ResourceCatalog.IsKnown(one.Code))
            ? [0]
            : provision.Class.Select(one => ResourceCatalog.NumberOf(one.Code!)).Distinct();

    private static (long Starts, long Ends) Within((long Starts, long Ends) outer, Period? period) => (
        period?.Start is { } start && DateRange.TryParse(start, out var from) ? Math.Max(outer.Starts, from.Low) : outer.Starts,
        period?.End is { } end && DateRange.TryParse(end, out var to) ? Math.Min(outer.Ends, to.High) : outer.Ends);
}
