using System.Collections.Concurrent;
using System.Collections.Immutable;
using TeleFhir.Domain.Access;
using TeleFhir.Domain.Fhir;

namespace TeleFhir.Domain.Search;

/// <summary>Which patients' records a clinician reaches with <c>user/</c> scopes.</summary>
public enum UserPolicy
{
    /// <summary>Those of the clinician's organizations, and those who name the clinician.</summary>
    Organization,

    /// <summary>All.</summary>
    All,
}

/// <summary>
/// The one place where it is decided what a caller may see: callers become conditions of a search, which the store applies in SQL to
/// whatever it reads, counts, includes or follows, and to old and new content of what is written (docs/access.md).
/// </summary>
/// <param name="catalog">The parameters there are.</param>
/// <param name="parser">Reads the filters of granular scopes.</param>
/// <param name="policy">What clinicians reach.</param>
/// <param name="clock">Now, for the periods of Consents.</param>
/// <param name="canonicals">Where the mark of a patient's Subscriptions is named.</param>
public sealed class Visibility(SearchParameterCatalog catalog, SearchQueryParser parser, UserPolicy policy, TimeProvider clock, Canonicals? canonicals = null)
{
    private const string AuditEvent = "AuditEvent";
    private const string Patient = "Patient";
    private const string Slot = "Slot";
    private const string Subscription = "Subscription";
    private const string Binary = "Binary";
    private const int MostFilters = 10_000;

    private static readonly ImmutableArray<Criterion> _nothing = [AnyCriterion.Nothing];

    private readonly ConcurrentDictionary<(string Type, string Filter), Criterion> _filters = [];

    /// <summary>
    /// What resources of the type must satisfy for the caller to do this with them, all of it; empty where nothing is withheld.
    /// Whether the caller may do it at all is <see cref="Caller.May(Interaction, string)"/>.
    /// </summary>
    public ImmutableArray<Criterion> Of(Caller caller, Interaction interaction, string type)
    {
        if (caller.IsUnrestricted)
        {
            return [];
        }

        var granted = Granted(caller, interaction, type);
        if (IsNothing(granted))
        {
            return _nothing;
        }

        var all = granted.ToBuilder();
        var clearance = ClearanceOf(caller);
        if (clearance < Confidentiality.VeryRestricted)
        {
            all.Add(new ClearanceCriterion(catalog.Find(type, "_security")!.Sources, clearance));
        }

        if (type == Binary)
        {
            all.Add(OfFiles(caller));
        }
        else if (PatientCompartment.RelationOf(type) != PatientRelation.Reference)
        {
            all.Add(new ConsentCriterion(type, SourcesOf(type), caller.FhirUser, clock.GetUtcNow().UtcTicks, Exempt(caller)));
        }

        return all.ToImmutable();
    }

    /// <summary>
    /// A file is for whoever may read what it belongs to; one that belongs to nothing is for staff. What it belongs to is judged as it is now.
    /// </summary>
    private AnyCriterion OfFiles(Caller caller)
    {
        var contexts = SecurityContextCriterion.Types.Where(type => caller.May(Interaction.Read, type))
            .Select(type => new VisibleType(type, Of(caller, Interaction.Read, type)))
            .Where(context => !IsNothing(context.Visible));
        var ofContext = new SecurityContextCriterion([.. contexts]);
        return new AnyCriterion(caller.IsStaffFor(Binary) ? [ofContext, new NoSecurityContextCriterion()] : [ofContext]);
    }

    /// <summary>Whether no resource can satisfy the conditions that <see cref="Of"/> gave.</summary>
    public static bool IsNothing(ImmutableArray<Criterion> conditions) => conditions == _nothing;

    /// <summary>
    /// The condition that the filter of a granular scope stands for: plain parameters of the type that compare codes, references or texts;
    /// null where it is anything else.
    /// </summary>
    public Criterion? FilterOf(string type, string filter)
    {
        if (_filters.TryGetValue((type, filter), out var known))
        {
            return known;
        }

        try
        {
            var pairs = filter.Split('&').Select(pair => pair.Split('=', 2)).ToList();
            if (pairs.Any(pair => pair.Length != 2 || pair[0].AsSpan().ContainsAny(":.")))
            {
                return null;
            }

            var query = parser.Parse(
                [type], pairs.Select(pair => KeyValuePair.Create(Uri.UnescapeDataString(pair[0]), Uri.UnescapeDataString(pair[1]))), strict: true);
            if (query.Criteria.Length != pairs.Count || !query.Criteria.All(IsComparable))
            {
                return null;
            }

            var criterion = query.Criteria is [var only] ? only : new AllCriterion(query.Criteria);
            if (_filters.Count < MostFilters)
            {
                _filters[(type, filter)] = criterion;
            }

            return criterion;
        }
        catch (FhirException)
        {
            return null;
        }
    }

    private static bool IsComparable(Criterion criterion) => criterion is ValueCriterion
    {
        Modifier: SearchModifier.None,
        Parameter.Kind: IndexKind.Token or IndexKind.Reference or IndexKind.Uri or IndexKind.Id,
    };

    /// <summary>What the scopes reach: for each context the resources it reaches, of those what any of its scopes lets through.</summary>
    private ImmutableArray<Criterion> Granted(Caller caller, Interaction interaction, string type)
    {
        var alternatives = ImmutableArray.CreateBuilder<ImmutableArray<Criterion>>();
        foreach (var scopes in caller.Scopes.Where(scope => scope.Permits(interaction, type)).GroupBy(scope => scope.Context))
        {
            if (!MayChange(caller, scopes.Key, interaction, type) || Reach(caller, scopes.Key, type) is not { } reach)
            {
                continue;
            }

            var filters = scopes.Any(scope => scope.Filter is null)
                ? []
                : scopes.Select(scope => FilterOf(type, scope.Filter!)).OfType<Criterion>().ToImmutableArray();
            if (filters.IsEmpty && scopes.All(scope => scope.Filter is not null))
            {
                continue;
            }

            alternatives.Add(filters switch
            {
                [] => reach,
                [var only] => reach.Add(only),
                _ => reach.Add(new AnyCriterion(filters)),
            });
        }

        return alternatives.Count switch
        {
            0 => _nothing,
            _ when alternatives.Any(alternative => alternative.IsEmpty) => [],
            1 => alternatives[0],
            _ => [new AnyCriterion([.. alternatives.Select(parts => parts is [var only] ? only : new AllCriterion(parts))])],
        };
    }

    /// <summary>The conditions of a context; null where it reaches nothing of the type.</summary>
    private ImmutableArray<Criterion>? Reach(Caller caller, ScopeContext context, string type) => context switch
    {
        // What they belong to decides of files.
        _ when type == Binary && context != ScopeContext.System => [],
        ScopeContext.System => caller.Kind == CallerKind.Client ? [] : null,
        ScopeContext.Patient => caller.Patient is { } patient ? OfPatients(type, new NamedPatients([patient]), isClinician: false) : null,
        _ => OfUser(caller, type),
    };

    /// <summary>
    /// Whether changes of the type are for the context at all. What is everybody's is not a patient's to change; who works where decides who
    /// sees whom, so that it is for administrators, and so is what is put into the audit trail and what every write is indexed by.
    /// </summary>
    private static bool MayChange(Caller caller, ScopeContext context, Interaction interaction, string type)
    {
        if (context == ScopeContext.System || interaction is not (Interaction.Create or Interaction.Update or Interaction.Patch or Interaction.Delete))
        {
            return true;
        }

        return type switch
        {
            AuditEvent or "PractitionerRole" or "SearchParameter" => context == ScopeContext.User && caller.IsAdministrator,
            _ when PatientCompartment.RelationOf(type) == PatientRelation.Reference =>
                context == ScopeContext.User && (caller.IsAdministrator || caller.FhirUser is { Type: "Practitioner" or "PractitionerRole" }),
            _ => true,
        };
    }

    private ImmutableArray<Criterion>? OfUser(Caller caller, string type)
    {
        if (type == AuditEvent)
        {
            // Who looked at what is for those who watch over it, and for the patient whom it was about.
            return caller.IsAdministrator ? []
                : caller.FhirUser is { Type: Patient, Id: var self } ? OfPatients(type, new NamedPatients([self]), isClinician: false)
                : null;
        }

        return caller.FhirUser switch
        {
            { Type: Patient, Id: var id } => OfPatients(type, new NamedPatients([id]), isClinician: false),
            { Type: "RelatedPerson" } related => OfPatients(type, new PatientsOfRelatedPerson(related), isClinician: false),
            { Type: "Practitioner" or "PractitionerRole" } when policy == UserPolicy.All => [],
            { Type: "Practitioner" or "PractitionerRole" } who =>
                OfPatients(type, new PatientsOfPractitioner(who, caller.EmergencyPatients), isClinician: true),
            _ => PatientCompartment.RelationOf(type) == PatientRelation.Reference ? OfEverybody(type) : null,
        };
    }

    /// <summary>What is nobody's record: all of it, but of calendars only what is free, for who has the rest is others' business.</summary>
    private ImmutableArray<Criterion> OfEverybody(string type) => type == Slot
        ? [new ValueCriterion(catalog.Find(Slot, "status")!, SearchModifier.None, [new TokenSearchValue(null, "free")])]
        : [];

    private ImmutableArray<Criterion>? OfPatients(string type, PatientSet patients, bool isClinician)
    {
        if (PatientCompartment.RelationOf(type) == PatientRelation.Reference)
        {
            return isClinician ? [] : OfEverybody(type);
        }

        var sources = SourcesOf(type);
        if (type != Patient && sources.IsEmpty)
        {
            return type == Subscription ? OfMarked(patients, isClinician) : isClinician ? [] : null;
        }

        var inCompartment = new CompartmentCriterion(type, sources, patients);
        return isClinician && type != Patient ? [new AnyCriterion([inCompartment, new NoPatientCriterion(sources)])] : [inCompartment];
    }

    /// <summary>Patients see Subscriptions that are theirs, clinicians those that are no patient's.</summary>
    private ImmutableArray<Criterion>? OfMarked(PatientSet patients, bool isClinician)
    {
        var system = SubscriptionOwner.TagSystem(canonicals ?? new Canonicals(Canonicals.Default));
        return isClinician ? [new NotCriterion(Marked(new TokenSearchValue(system, null)))]
            : patients is NamedPatients named ? [Marked([.. named.Ids.Select(id => new TokenSearchValue(system, id))])]
            : null;

        ValueCriterion Marked(params TokenSearchValue[] marks) => new(catalog.Find(Subscription, "_tag")!, SearchModifier.None, [.. marks]);
    }

    private ImmutableArray<IndexSource> SourcesOf(string type) => CompartmentCriterion.SourcesOf(catalog, type);

    // What is a person's own is theirs to see; only what is very restricted is withheld even from them.
    private static Confidentiality ClearanceOf(Caller caller) => caller.FhirUser is { Type: Patient } && caller.Clearance < Confidentiality.Restricted
        ? Confidentiality.Restricted
        : caller.Clearance;

    private static ImmutableArray<string> Exempt(Caller caller) => caller.FhirUser switch
    {
        { Type: Patient, Id: var self } => caller.EmergencyPatients.Add(self),
        _ => caller.EmergencyPatients,
    };
}
