using System.Globalization;
using TeleFhir.Bench.Population;
using TeleFhir.Bench.Stores;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Search;
using TeleFhir.Domain.Storage;

namespace TeleFhir.Bench.Queries;

/// <summary>
/// What a client asks, with a patient, a code or a time that is another one every time. They are taken from an Observation or
/// Appointment drawn by lot, so who has many records is asked for more often, and there is always something to find.
/// </summary>
/// <param name="Name">For the report.</param>
/// <param name="AskAsync">Asks once; the number of resources that came back.</param>
internal sealed record Question(string Name, Func<IResourceStore, Dice, Task<long>> AskAsync)
{
    private const int PageAtDepth = 1000;

    /// <summary>The most matches of a page.</summary>
    public int Most { get; init; } = int.MaxValue;

    private const int PagesDeep = 20;

    /// <summary>All questions for this town; some are prepared with the store.</summary>
    public static async Task<IReadOnlyList<Question>> ForAsync(Town town, IResourceStore store)
    {
        var deep = await DeepAsync(store);
        return
        [
            new("read by id", async (at, dice) =>
                await at.ReadAsync(BenchStore.Caller, new ResourceKey("Observation", Town.ObservationId(dice.Below(town.Observations))), default) is null ? 0 : 1),
            Search("patient+code, -date, 20", "Observation", dice =>
            {
                var (patient, _, code, _) = town.OfObservation(dice.Below(town.Observations));
                return $"patient={Town.PatientId(patient)}&code={Town.Loinc}|{code.Code}&_sort=-date&_count=20&_total=none";
            }),
            Search("the same with the default total", "Observation", dice =>
            {
                var (patient, _, code, _) = town.OfObservation(dice.Below(town.Observations));
                return $"patient={Town.PatientId(patient)}&code={Town.Loinc}|{code.Code}&_sort=-date&_count=20";
            }),
            Search("patient+category+date>=, 50", "Observation", dice =>
            {
                var (patient, _, code, when) = town.OfObservation(dice.Below(town.Observations));
                return $"patient={Town.PatientId(patient)}&category={code.Category}&date=ge{Day(when.AddDays(-365))}&_sort=-date&_count=50&_total=none";
            }),
            Search("code+value-quantity>5, 20", "Observation", dice =>
                $"code={Town.Loinc}|{Codes.Others[dice.Below(16)].Code}&value-quantity=gt5&_count=20&_total=none"),
            Search("Encounter?subject, -date, 20", "Encounter", dice =>
                $"subject=Patient/{Town.PatientId(town.OfObservation(dice.Below(town.Observations)).Patient)}&_sort=-date&_count=20&_total=none"),
            Search("Appointment?actor&date (7 days)&status", "Appointment", dice =>
            {
                var (patient, _, status, when) = town.OfAppointment(dice.Below(town.Appointments));
                return $"actor=Patient/{Town.PatientId(patient)}&date=ge{Day(when)}&date=lt{Day(when.AddDays(7))}&status={status}&_total=none";
            }),
            Search("patient+code, _include subject, encounter", "Observation", dice =>
            {
                var (patient, _, code, _) = town.OfObservation(dice.Below(town.Observations));
                return $"patient={Town.PatientId(patient)}&code={Town.Loinc}|{code.Code}&_sort=-date&_count=20&_total=none"
                    + "&_include=Observation:subject&_include=Observation:encounter";
            }),
            Search("subject:Patient.identifier, -date, 20", "Observation", dice =>
            {
                var patient = town.OfObservation(dice.Below(town.Observations)).Patient;
                return $"subject:Patient.identifier={Town.IdentifierSystem}|{Town.Identifier(patient)}&_sort=-date&_count=20&_total=none";
            }),
            Search("_total=accurate of a patient", "Observation", dice =>
                $"patient={Town.PatientId(town.OfObservation(dice.Below(town.Observations)).Patient)}&_count=0&_total=accurate"),
            Search("_total=accurate of code=BP (a quarter)", "Observation", _ => $"code={Town.Loinc}|{Codes.Panel.Code}&_count=0&_total=accurate"),
            Search("all, by value, 20", "Observation", _ => "_sort=-value-quantity&_count=20&_total=none"),
            Search("all, by -date and id, 20", "Observation", _ => "_sort=-date,_id&_count=20&_total=none"),
            Search("status=final, by value, 20", "Observation", _ => "status=final&_sort=value-quantity,-date&_count=20&_total=none"),
            Search("patients by name, 20", "Patient", _ => "_sort=family,given&_count=20&_total=none"),
            Search("all, by code, 20", "Observation", _ => "_sort=code&_count=20&_total=none"),
            Search("all, by status and -date, 20", "Observation", _ => "_sort=status,-date&_count=20&_total=none"),
            Search("all, by -subject, 20", "Observation", _ => "_sort=-subject&_count=20&_total=none"),
            Search("patients by identifier, 20", "Patient", _ => "_sort=identifier&_count=20&_total=none"),
            Search("patients without identifier", "Patient", _ => "identifier:missing=true&_count=20&_total=none"),
            Search("patients, name:contains of nobody", "Patient", _ => "name:contains=zqx&_count=20&_total=none"),
            Search("value-string:contains of nothing", "Observation", _ => "value-string:contains=zqx&_count=20&_total=none"),
            Search("status:not=final,amended,... (none)", "Observation", _ => "status:not=final,amended,preliminary,corrected&_count=20&_total=none"),
            Search("code:missing=true (none)", "Observation", _ => "code:missing=true&_count=20&_total=none"),
            Search("code=BP and laboratory (none)", "Observation", _ => $"code={Town.Loinc}|{Codes.Panel.Code}&category=laboratory&_count=20&_total=none"),
            Search("the same with the default total", "Observation", _ => $"code={Town.Loinc}|{Codes.Panel.Code}&category=laboratory&_count=20"),
            Search("the same by -value-quantity", "Observation", _ =>
                $"code={Town.Loinc}|{Codes.Panel.Code}&category=laboratory&_sort=-value-quantity&_count=20&_total=none"),
            Search("the same by code and subject", "Observation", _ =>
                $"code={Town.Loinc}|{Codes.Panel.Code}&category=laboratory&_sort=code,subject&_count=20&_total=none"),
            Search("code=BP, -date, 20, with the default total", "Observation", _ => $"code={Town.Loinc}|{Codes.Panel.Code}&_sort=-date&_count=20"),
            Search("code=BP, -date, 20, first page", "Observation", _ => $"code={Town.Loinc}|{Codes.Panel.Code}&_sort=-date&_count=20&_total=none"),
            new("the same at a depth of up to 20,000", async (at, dice) => await CountAsync(at, deep[dice.Below(deep.Count)])),
        ];
    }

    private static Question Search(string name, string type, Func<Dice, string> query) =>
        new(name, (store, dice) => CountAsync(store, Parse(type, query(dice)))) { Most = Parse(type, query(default)).Count };

    private static SearchQuery Parse(string type, string query) => BenchStore.Parser.Parse(
        [type],
        query.Split('&').Select(pair => pair.Split('=', 2)).Select(pair => new KeyValuePair<string, string>(pair[0], pair[1])),
        strict: true) with
    {
        // As the server asks for a client.
        MayEndEarly = true,
    };

    private static async Task<long> CountAsync(IResourceStore store, SearchQuery query)
    {
        var page = await store.SearchAsync(BenchStore.Caller, query, CancellationToken.None);
        return page.Matches.Length + page.Included.Length + (query.Count == 0 ? page.Total ?? 0 : 0);
    }

    /// <summary>The same search starting at many places, each reached by following next links.</summary>
    private static async Task<List<SearchQuery>> DeepAsync(IResourceStore store)
    {
        var first = Parse("Observation", $"code={Town.Loinc}|{Codes.Panel.Code}&_sort=-date&_count=20&_total=none");
        var pages = new List<SearchQuery>();
        var walk = first with { Count = PageAtDepth };
        for (var i = 0; i < PagesDeep; i++)
        {
            var page = await store.SearchAsync(BenchStore.Caller, walk, CancellationToken.None);
            if (page.Next is null)
            {
                break;
            }

            walk = walk with { After = page.Next };
            pages.Add(first with { After = page.Next });
        }

        return pages;
    }

    private static string Day(DateTime when) => when.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
}
