using System.Collections.Immutable;
using System.Net;
using Hl7.Fhir.Model;
using TeleFhir.Api.Fhir;
using TeleFhir.Domain.Access;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Scheduling;
using TeleFhir.Domain.Search;
using Task = System.Threading.Tasks.Task;

namespace TeleFhir.Api.Scheduling;

/// <summary>
/// The calendars that answer for a <c>$find</c>, by a handful of searches however many they are. Kinds of participants are alternatives
/// among themselves; different kinds must all be there: a clinician whose own calendar is not of the wished place needs a time in that of
/// a room there.
/// </summary>
internal sealed class FindCandidates
{
    /// <summary>More calendars than that are not looked through.</summary>
    private const int Most = 500;

    private const int MostNamed = 200;
    private const int MostLicences = 2000;
    private const int PlaceRanks = 1000;

    private readonly FindInput _input;
    private readonly FhirServer _server;
    private readonly ScheduleDirectory _directory;
    private readonly Caller _caller;
    private readonly Caller _reader;

    private FindCandidates(FindInput input, FhirServer server, ScheduleDirectory directory, Caller caller) =>
        (_input, _server, _directory, _caller, _reader) = (input, server, directory, caller, ScheduleDirectory.Reader(caller));

    public IReadOnlyList<Candidate> Clinicians { get; private set; } = [];

    public IReadOnlyList<Candidate> Rooms { get; private set; } = [];

    /// <summary>Whether an insurance was named of which nothing says who takes it.</summary>
    public bool SaysNoNetwork { get; private set; }

    /// <summary>The Location that was declared, as <c>Location/id</c>; null where none was.</summary>
    public string? Declared { get; private set; }

    public static async Task<FindCandidates> LoadAsync(
        FindInput input, FhirServer server, ScheduleDirectory directory, Caller caller, CancellationToken cancellationToken)
    {
        var candidates = new FindCandidates(input, server, directory, caller);
        await candidates.LoadAsync(cancellationToken);
        await candidates.LicenceAsync(cancellationToken);
        return candidates;
    }

    /// <summary>Looks up where the patient is, and who of the candidates is licensed there.</summary>
    private async Task LicenceAsync(CancellationToken cancellationToken)
    {
        var places = ImmutableHashSet<string>.Empty;
        if (await NamedAsync("Location", _input.Declared, cancellationToken) is [var declared, ..])
        {
            var found = await IncludingAsync("Location", ("_id", declared.Split('/')[1]), "Location:partof", cancellationToken);
            places = Licensure.Around(declared, found.OfType<Location>().ToDictionary(place => $"Location/{place.Id}", StringComparer.Ordinal));
            Declared = places.IsEmpty ? throw Refusal.BusinessRule("location-unknown", "$find: the declared location is not known here.").ToException(_server.Booking.Canonicals) : declared;
        }

        if (!_server.Booking.RequireLicence)
        {
            return;
        }

        var people = Clinicians.SelectMany(candidate => candidate.Clinicians).Where(name => name.StartsWith("Practitioner/", StringComparison.Ordinal)).Distinct(StringComparer.Ordinal).ToList();
        ImmutableArray<Licence> licences = [];
        if (!places.IsEmpty && people.Count > 0)
        {
            var found = await IncludingAsync(
                "PractitionerRole", ("practitioner", string.Join(',', people)), "PractitionerRole:service", cancellationToken, ("location", string.Join(',', places)));
            var services = found.OfType<HealthcareService>().ToDictionary(service => $"HealthcareService/{service.Id}", StringComparer.Ordinal);
            licences =
            [
                .. found.OfType<PractitionerRole>().Select(role => new Licence(
                    role, [.. role.HealthcareService.Select(Occupancy.RelativeOf).OfType<string>().Select(services.GetValueOrDefault).OfType<HealthcareService>()])),
            ];
        }

        var of = licences.ToLookup(licence => Occupancy.RelativeOf(licence.Role.Practitioner), StringComparer.Ordinal);
        Clinicians = [.. Clinicians.Select(candidate => candidate with { Licences = [.. candidate.Clinicians.SelectMany(name => of[name])], Places = places })];
    }

    private async Task<IEnumerable<Resource>> IncludingAsync(
        string type, (string Name, string Value) criterion, string include, CancellationToken cancellationToken, params (string Name, string Value)[] more)
    {
        var query = _server.Parser.Parse(
            [type], [new(criterion.Name, criterion.Value), .. more.Select(one => KeyValuePair.Create(one.Name, one.Value)), new("_include:iterate", include)], strict: true);
        var page = await _server.Store.SearchAsync(_reader, query with { Count = MostLicences, Total = TotalMode.None }, cancellationToken);
        return page.Matches.Concat(page.Included).Select(match => FhirJson.Parse(match.Json));
    }

    private async Task LoadAsync(CancellationToken cancellationToken)
    {
        var people = await PeopleAsync(cancellationToken);
        var organizations = await NamedAsync("Organization", _input.Organizations, cancellationToken);
        var places = await PlacesAsync(cancellationToken);
        var insurers = await InsurersAsync(cancellationToken);
        if (people is { Count: 0 } || organizations is { Count: 0 } || places is { Count: 0 } || insurers is { Count: 0 })
        {
            return;
        }

        ImmutableArray<Criterion?> wished =
        [
            Criterion(("active:not", "false")),
            people is null ? null : Criterion(("actor", string.Join(',', people.Keys))),
            organizations is null ? null : AnyOf(string.Join(',', organizations), "organization", ["Location", "HealthcareService"]),
            insurers is null ? null : AnyOf(string.Join(',', insurers), "organization", ["Location", "HealthcareService"]),
            _input.Specialties is not { } specialties ? null : new AnyCriterion([Criterion(("specialty", specialties)), .. AnyOf(specialties, "specialty", ["HealthcareService"]).Alternatives]),
        ];
        ImmutableArray<Criterion> criteria = [.. wished.OfType<Criterion>()];
        await LoadAsync(criteria, people, places, cancellationToken);
        if (wished[^1] is { } own && (await SearchAsync("Slot", ("specialty", _input.Specialties!), 1, cancellationToken)).Length > 0)
        {
            // Calendars that are of no such specialty have Slots that are, somewhere.
            var before = (Clinicians, Rooms);
            await LoadAsync([.. criteria.Where(criterion => criterion != own), new NotCriterion(own), Criterion(("_has:Slot:schedule:specialty", _input.Specialties!))], people, places, cancellationToken);
            Clinicians = [.. before.Clinicians, .. Clinicians.Select(candidate => candidate with { NeedsSlotSpecialty = true })];
            Rooms = [.. before.Rooms, .. Rooms.Where(room => before.Rooms.All(known => known.Calendar.Reference != room.Calendar.Reference))];
        }
    }

    private async Task LoadAsync(ImmutableArray<Criterion> criteria, Dictionary<string, int>? people, List<string>? places, CancellationToken cancellationToken)
    {
        Rooms = [];
        if (places is null)
        {
            Clinicians = await LoadAsync(criteria, people, null, needsRoom: false, cancellationToken);
            return;
        }

        var named = string.Join(',', places);
        var there = new AnyCriterion([Criterion(("actor", named)), .. AnyOf(named, "location", ["HealthcareService"]).Alternatives]);
        Clinicians = await LoadAsync(criteria.Add(there), people, places, needsRoom: false, cancellationToken);
        if (criteria.Length > 1
            && await LoadAsync([criteria[0], Criterion(("actor", named))], null, places, needsRoom: false, cancellationToken) is { Count: > 0 } rooms)
        {
            Rooms = rooms;
            Clinicians = [.. Clinicians, .. await LoadAsync(criteria.Add(new NotCriterion(there)), people, null, needsRoom: true, cancellationToken)];
        }
    }

    /// <summary>References under which the wished clinicians have calendars, with the place of each among the wishes; null where none are named.</summary>
    private async Task<Dictionary<string, int>?> PeopleAsync(CancellationToken cancellationToken)
    {
        if (_input.Practitioners.IsEmpty)
        {
            return null;
        }

        // All roles of one person are that person, whichever of them a calendar names.
        var named = await NamedAsync("Practitioner", _input.Practitioners, cancellationToken) ?? [];
        var ranks = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var reference in named)
        {
            ranks.TryAdd(reference, ranks.Count);
        }

        var roles = named.Where(reference => reference.StartsWith("PractitionerRole/", StringComparison.Ordinal)).Select(reference => reference.Split('/')[1]).ToList();
        var persons = named.Where(reference => reference.StartsWith("Practitioner/", StringComparison.Ordinal)).ToList();
        var found = new List<PractitionerRole>();
        if (roles.Count > 0)
        {
            found.AddRange(await RolesAsync(("_id", string.Join(',', roles)), cancellationToken));
        }

        if (persons.Count > 0)
        {
            found.AddRange(await RolesAsync(("practitioner", string.Join(',', persons)), cancellationToken));
        }

        foreach (var role in found.Where(role => role.Active != false))
        {
            var (self, person) = ($"PractitionerRole/{role.Id}", role.Practitioner?.Reference);
            if (person is not null && ranks.TryGetValue(person, out var rank))
            {
                ranks.TryAdd(self, rank);
            }
            else if (person is not null && ranks.TryGetValue(self, out rank))
            {
                ranks.TryAdd(person, rank);
            }
        }

        return ranks;
    }

    private async Task<IEnumerable<PractitionerRole>> RolesAsync((string, string) criterion, CancellationToken cancellationToken) =>
        (await SearchAsync("PractitionerRole", criterion, Most, cancellationToken)).Select(match => (PractitionerRole)FhirJson.Parse(match.Json));

    /// <summary>
    /// The Organizations that take part in a network of the wished insurances (OrganizationAffiliation.network); null where none is wished for or
    /// nothing says which networks they have. A Coverage stands for the plans of who pays.
    /// </summary>
    private async Task<List<string>?> InsurersAsync(CancellationToken cancellationToken)
    {
        if (_input.Insurances.IsEmpty)
        {
            return null;
        }

        var plans = new List<InsurancePlan>();
        foreach (var type in _input.Insurances.GroupBy(insurance => insurance.Reference?.Split('/')[0] ?? "Coverage"))
        {
            var named = await NamedAsync(type.Key, [.. type], cancellationToken) ?? [];
            if (named.Count == 0)
            {
                continue;
            }

            var ids = ("_id", string.Join(',', named.Select(name => name.Split('/')[1])));
            if (type.Key == "InsurancePlan")
            {
                plans.AddRange((await SearchAsync(type.Key, ids, MostNamed, cancellationToken)).Select(match => (InsurancePlan)FhirJson.Parse(match.Json)));
                continue;
            }

            // What somebody is insured by is theirs: only who may see the Coverage goes by it.
            var query = _server.Parser.Parse(["Coverage"], [new("_id", ids.Item2)], strict: true) with { Total = TotalMode.None };
            var payors = (await _server.Store.SearchAsync(_caller, query, cancellationToken)).Matches.SelectMany(match => ((Coverage)FhirJson.Parse(match.Json)).Payor)
                .Select(Occupancy.RelativeOf).OfType<string>().Where(payor => payor.StartsWith("Organization/", StringComparison.Ordinal)).Distinct(StringComparer.Ordinal).ToList();
            if (payors.Count > 0)
            {
                plans.AddRange((await SearchAsync("InsurancePlan", ("owned-by", string.Join(',', payors)), MostNamed, cancellationToken))
                    .Select(match => (InsurancePlan)FhirJson.Parse(match.Json)));
            }
        }

        var networks = plans.Where(plan => plan.Status is null or PublicationStatus.Active)
            .SelectMany(plan => plan.Network.Concat(plan.Coverage.SelectMany(coverage => coverage.Network)).Concat(plan.Plan.SelectMany(one => one.Network)))
            .Select(Occupancy.RelativeOf).OfType<string>().Distinct(StringComparer.Ordinal).ToList();
        if (networks.Count == 0)
        {
            SaysNoNetwork = true;
            return null;
        }

        return
        [
            .. (await SearchAsync("OrganizationAffiliation", ("network", string.Join(',', networks)), Most, cancellationToken))
                .Select(match => (OrganizationAffiliation)FhirJson.Parse(match.Json))
                .Where(affiliation => affiliation.Active != false && Moment.Covers(affiliation.Period, _input.Search.Now))
                .Select(affiliation => Occupancy.RelativeOf(affiliation.ParticipatingOrganization))
                .OfType<string>()
                .Distinct(StringComparer.Ordinal),
        ];
    }

    private async Task<List<string>?> PlacesAsync(CancellationToken cancellationToken)
    {
        var places = await NamedAsync("Location", _input.Locations, cancellationToken);
        if (_input.Places.IsEmpty)
        {
            return places;
        }

        var text = string.Join(',', _input.Places.Select(place => place.Replace("\\", "\\\\", StringComparison.Ordinal).Replace(",", "\\,", StringComparison.Ordinal)));
        var found = await SearchAsync("Location", ("address", text), MostNamed, cancellationToken);
        return [.. (places ?? []).Concat(found.Select(match => $"Location/{match.Key.Id}")).Distinct(StringComparer.Ordinal)];
    }

    /// <summary>The references, identifiers looked up; null where there are none.</summary>
    private async Task<List<string>?> NamedAsync(string type, ImmutableArray<ResourceReference> references, CancellationToken cancellationToken)
    {
        if (references.IsEmpty)
        {
            return null;
        }

        var named = references.Select(reference => reference.Reference).OfType<string>().ToList();
        var identifiers = references.Select(reference => reference.Identifier).OfType<Identifier>().Select(Token).ToList();
        if (identifiers.Count > 0)
        {
            var found = await SearchAsync(type, ("identifier", string.Join(',', identifiers)), MostNamed, cancellationToken);
            named.AddRange(found.Select(match => $"{type}/{match.Key.Id}"));
        }

        return [.. named.Distinct(StringComparer.Ordinal)];
    }

    private static string Token(Identifier identifier) =>
        new TokenSearchValue(identifier.System, identifier.Value).ToQuery();

    private async Task<ImmutableArray<StoredResource>> SearchAsync(string type, (string Name, string Value) criterion, int most, CancellationToken cancellationToken)
    {
        var query = _server.Parser.Parse([type], [new(criterion.Name, criterion.Value)], strict: true);
        return (await _server.Store.SearchAsync(_reader, query with { Count = most, Total = TotalMode.None }, cancellationToken)).Matches;
    }

    private async Task<List<Candidate>> LoadAsync(
        ImmutableArray<Criterion> criteria, Dictionary<string, int>? people, List<string>? places, bool needsRoom, CancellationToken cancellationToken)
    {
        var query = new SearchQuery { Types = ["Schedule"], Criteria = criteria, Count = Most };
        var (schedules, more) = await _directory.LoadAsync(_reader, _server, query, cancellationToken);
        return more
            ? throw new FhirException(
                HttpStatusCode.UnprocessableEntity,
                [FhirException.Issue(OperationOutcome.IssueType.TooCostly, $"More than {Most} calendars answer: name a practitioner, a specialty, a location or an organization.")])
            : [.. schedules.Select(schedule => new Candidate(schedule, RankOf(schedule, people, places), needsRoom))];
    }

    private static int RankOf(LoadedSchedule schedule, Dictionary<string, int>? people, List<string>? places)
    {
        var actors = schedule.Schedule.Actor.Select(actor => actor.Reference ?? "").ToList();
        var person = people is null ? 0 : actors.Min(actor => people.GetValueOrDefault(actor, people.Count));
        var place = places is null ? 0 : actors.Min(actor => places.IndexOf(actor) is >= 0 and var at ? at : places.Count);
        return (person * PlaceRanks) + place;
    }

    private Criterion Criterion((string Name, string Value) parameter) =>
        _server.Parser.Parse(["Schedule"], [new(parameter.Name, parameter.Value)], strict: true).Criteria[0];

    /// <summary>One of the actors has it: in a role, as a person in any role, or itself.</summary>
    private AnyCriterion AnyOf(string value, string parameter, string[] types) => new(
    [
        Criterion(($"actor:PractitionerRole.{parameter}", value)),
        Criterion(($"actor:Practitioner._has:PractitionerRole:practitioner:{parameter}", value)),
        .. types.Select(type => Criterion(($"actor:{type}.{parameter}", value))),
    ]);
}
