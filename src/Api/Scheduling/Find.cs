using System.Collections.Immutable;
using System.Globalization;
using Hl7.Fhir.Model;
using NodaTime;
using TeleFhir.Api.Fhir;
using TeleFhir.Domain.Access;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Scheduling;
using TeleFhir.Domain.Search;

namespace TeleFhir.Api.Scheduling;

/// <summary>
/// <c>Appointment/$find</c> (IHE ITI-115): times that are free for all who are wished for, as proposed Appointments that can be held, booked
/// and read for a while. Nothing in them is of others: what is taken is left out and not told.
/// </summary>
internal static class Find
{
    /// <summary>How many first weeks are tried for a series.</summary>
    private const int MostFirstWeeks = 400;

    public static async Task<FhirResult> HandleAsync(
        FhirRequest request, FhirServer server, ScheduleDirectory directory, ITakenTimes taken, HttpContext context, CancellationToken cancellationToken)
    {
        if (!request.Caller.May(Interaction.SearchType, "Appointment"))
        {
            request.Caller.Demand(Interaction.SearchType, "Slot");
        }

        var input = await FindInput.ReadAsync(request, server, cancellationToken);
        var (patients, seen) = await PatientsAsync(request.Caller, input, server, cancellationToken);
        var search = input.Search with { Patients = patients };
        var own = await OwnSlotsAsync(request.Caller, search, server, cancellationToken);
        search = search with { IgnoredSlots = [.. own.Select(slot => slot.Id!)] };

        var candidates = await FindCandidates.LoadAsync(input, server, directory, request.Caller, cancellationToken);
        search = search with { Declared = candidates.Declared };
        var remarks = input.Remarks.ToList();
        if (server.Booking.RequireLicence && candidates.Declared is null && search.Modality != VisitModality.InPerson)
        {
            remarks.Add("Say where the patient is then (declared-location): visits by video are proposed only where the clinician is licensed there.");
        }

        var clinicians = WithZone(candidates.Clinicians, remarks, server);
        var rooms = WithZone(candidates.Rooms, remarks, server);
        var times = new FreeTimes(search, clinicians, rooms);
        var calendars = clinicians.Concat(rooms).Select(candidate => candidate.Calendar.Reference).Distinct(StringComparer.Ordinal).ToList();
        var slots = new FindSlots(server, taken, ScheduleDirectory.Reader(request.Caller), times, calendars);
        var offers = calendars.Count == 0 ? [] : await OffersAsync(search, slots, own, cancellationToken);
        if (slots.IsCutOff)
        {
            remarks.Add("There may be more: ask for a shorter time or fewer calendars.");
        }

        return await AnswerAsync(request, search, offers, remarks, seen, server, SelfOf(context, server), cancellationToken);
    }

    private static async Task<IReadOnlyList<Offer>> OffersAsync(
        TimeSearch search, FindSlots slots, IReadOnlyList<Slot> own, CancellationToken cancellationToken)
    {
        var hull = FindWindow.Hull(search.Window);
        var from = NodaTime.Instant.Max(hull.Start, NodaTime.Instant.FromDateTimeOffset(search.Now));
        if (from >= hull.End)
        {
            return [];
        }

        IReadOnlyList<Offer> offers = await slots.FirstAsync(
            new Interval(from, hull.End), own, search.Occurrences is null ? search.Count : MostFirstWeeks, cancellationToken);
        return [.. (search.Occurrences is { } weeks ? await slots.InEveryWeekAsync(offers, weeks, cancellationToken) : offers).Take(search.Count)];
    }

    /// <summary>Whose visit it is: those named; for a patient's app the patient, and nobody else.</summary>
    private static async Task<(ImmutableArray<string> Patients, ImmutableArray<StoredResource> Seen)> PatientsAsync(
        Caller caller, FindInput input, FhirServer server, CancellationToken cancellationToken)
    {
        if (input.Patients.Any(patient => patient.Reference is null))
        {
            throw FhirException.Invalid("$find: patient-reference must be a reference to a Patient of this server.");
        }

        ImmutableArray<string> named = [.. input.Patients.Select(patient => patient.Reference!).Distinct(StringComparer.Ordinal)];
        if (!caller.IsStaffFor("Appointment"))
        {
            var self = caller.Patient ?? (caller.FhirUser is { Type: "Patient" } user ? user.Id : null);
            var wish = BookingRules.WithPatients(new Appointment(), named);
            return named.IsEmpty ? (self is null ? [] : [$"Patient/{self}"], [])
                : BookingRules.CheckPatient(wish, caller) is { } refusal ? throw refusal.ToException(server.Booking.Canonicals)
                : (named, []);
        }

        if (named.IsEmpty || !caller.May(Interaction.SearchType, "Patient"))
        {
            return (named, []);
        }

        var query = server.Parser.Parse(["Patient"], [new("_id", string.Join(',', named.Select(patient => patient.Split('/')[1])))], strict: true);
        var page = await server.Store.SearchAsync(caller, query with { Count = named.Length, Total = TotalMode.None }, cancellationToken);
        return page.Matches.Length == named.Length
            ? (named, page.Matches)
            : throw Refusal.BusinessRule("patient-unknown", "$find: patient-reference names a patient who is not known here.").ToException(server.Booking.Canonicals);
    }

    /// <summary>The Slots of the Appointment whose own time does not stand in its way.</summary>
    private static async Task<IReadOnlyList<Slot>> OwnSlotsAsync(
        Caller caller, TimeSearch search, FhirServer server, CancellationToken cancellationToken)
    {
        if (search.IgnoredAppointment is not { } id)
        {
            return [];
        }

        var stored = await server.ReadCurrentAsync(caller, new ResourceKey("Appointment", id), cancellationToken);
        var appointment = (Appointment)FhirJson.Parse(stored.Json);
        var slots = appointment.Slot.Select(slot => slot.Reference?.Split('/') is [.., "Slot", var name] && ResourceKey.IsId(name) ? name : null).OfType<string>().ToList();
        if (slots.Count == 0 || !AppointmentStates.IsActive(appointment.Status))
        {
            return [];
        }

        var query = server.Parser.Parse(["Slot"], [new("_id", string.Join(',', slots))], strict: true);
        var page = await server.Store.SearchAsync(ScheduleDirectory.Reader(caller), query with { Total = TotalMode.None }, cancellationToken);
        return [.. page.Matches.Select(match => (Slot)FhirJson.Parse(match.Json)).Where(slot => slot.Status is Slot.SlotStatus.Busy or Slot.SlotStatus.BusyTentative)];
    }

    /// <summary>The calendars that say in which zone they are. 422 <c>timezone-missing</c> where there are some and none does.</summary>
    private static List<Candidate> WithZone(IReadOnlyList<Candidate> candidates, List<string> remarks, FhirServer server)
    {
        var told = candidates.Where(candidate => candidate.Calendar.Zone.IsAllowed).ToList();
        if (told.Count == 0 && candidates is [var first, ..])
        {
            throw first.Calendar.Zone.Refusal!.ToException(server.Booking.Canonicals);
        }

        if (told.Count < candidates.Count)
        {
            remarks.Add("Calendars of which nothing says in which time zone they are were left out.");
        }

        return told;
    }

    private static async Task<FhirResult> AnswerAsync(
        FhirRequest request, TimeSearch search, IReadOnlyList<Offer> offers, List<string> remarks, ImmutableArray<StoredResource> seen, FhirServer server, string self, CancellationToken cancellationToken)
    {
        var expires = search.Now + server.Booking.ProposalLifetime;
        var answer = ProposalId.NewAnswer(expires);
        var proposals = offers.Select((offer, at) => (Id: new ProposalId(answer, at), Json: (ReadOnlyMemory<byte>)FhirJson.Serialize(
            ProposedAppointment.Of(offer, search, new ProposalId(answer, at).ToString(), server.Booking.Canonicals)))).ToList();
        if (proposals.Count > 0)
        {
            await server.Proposals.AddAsync(request.Caller, answer, [.. proposals.Select(proposal => proposal.Json)], cancellationToken);
        }

        var entries = proposals.Select(proposal => new ResponseEntry
        {
            FullUrl = $"{server.Address.Base}/Appointment/{proposal.Id}",
            Resource = FhirContent.Of(proposal.Json),
            SearchMode = "match",
        });
        return FhirResult.Ok(new BundleContent("searchset", entries.Append(new ResponseEntry { Resource = Outcome(proposals.Count, expires, remarks), SearchMode = "outcome" }))
        {
            Total = proposals.Count,
            Links = [new("self", self)],
        }) with
        {
            Touched = seen,
        };
    }

    private static FhirContent Outcome(int count, DateTimeOffset expires, List<string> remarks)
    {
        var found = count == 0
            ? "Nothing is free."
            : string.Create(CultureInfo.InvariantCulture, $"{count} free; they can be held or booked until {expires:yyyy-MM-dd'T'HH:mm:ss'Z'}.");
        var outcome = new OperationOutcome { Issue = [Issue(OperationOutcome.IssueSeverity.Information, found)] };
        outcome.Issue.AddRange(remarks.Distinct().Select(remark => Issue(OperationOutcome.IssueSeverity.Warning, remark)));
        return FhirContent.Of(FhirJson.Serialize(outcome));

        static OperationOutcome.IssueComponent Issue(OperationOutcome.IssueSeverity severity, string text) => new()
        {
            Severity = severity,
            Code = OperationOutcome.IssueType.Informational,
            Details = new CodeableConcept { Text = text },
        };
    }

    private static string SelfOf(HttpContext context, FhirServer server) => $"{server.Address.Base}/Appointment/$find{context.Request.QueryString}";
}
