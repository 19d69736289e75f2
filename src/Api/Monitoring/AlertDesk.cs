using System.Collections.Immutable;
using System.Globalization;
using System.Net;
using Hl7.Fhir.Model;
using TeleFhir.Api.Fhir;
using TeleFhir.Domain.Access;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Monitoring;
using TeleFhir.Domain.Search;
using TeleFhir.Domain.Storage;
using FhirTask = Hl7.Fhir.Model.Task;

namespace TeleFhir.Api.Monitoring;

/// <summary>
/// Reads and writes alerts for those who judge readings. That of one patient and measure no two are open the database decides: who opens one
/// holds its name, and looks again in the transaction whether there is one.
/// </summary>
internal sealed class AlertDesk(FhirServer server, MonitoringSettings settings, AlertTask alerts)
{
    private const int PageSize = 1000;
    private const int MostNames = 200;
    private const string Closed = "completed,cancelled,failed,rejected,entered-in-error";

    private static readonly Caller _desk = Caller.System("monitoring");

    public DateTimeOffset Now => Moment.Whole(server.Clock.GetUtcNow());

    /// <summary>The alerts of these patients that are open, or were closed since then, by the patient.</summary>
    public async Task<ILookup<ResourceKey, FhirTask>> AlertsAsync(
        IReadOnlyCollection<ResourceKey> patients, DateTimeOffset closedSince, CancellationToken cancellationToken)
    {
        var system = settings.Canonicals.CodeSystem("task");
        KeyValuePair<string, string> code = new("code", $"{system}|{AlertTask.Review},{system}|{AlertTask.Missing}");
        var open = await OfAsync<FhirTask>(patients, [code, new("status", AlertTask.OpenStatuses)], cancellationToken);
        var closed = await OfAsync<FhirTask>(patients, [code, new("status", Closed), new("_lastUpdated", $"ge{Text(closedSince)}")], cancellationToken);
        return open.Concat(closed).Select(task => (Patient: PatientOf(task.For), Task: task)).Where(pair => pair.Patient is not null)
            .ToLookup(pair => pair.Patient!.Value, pair => pair.Task);
    }

    /// <summary>The active Goals of these patients.</summary>
    public async Task<ILookup<ResourceKey, Goal>> GoalsAsync(IReadOnlyCollection<ResourceKey> patients, CancellationToken cancellationToken) =>
        (await OfAsync<Goal>(patients, [new("lifecycle-status", "active")], cancellationToken))
            .Select(goal => (Patient: PatientOf(goal.Subject), Goal: goal)).Where(pair => pair.Patient is not null)
            .ToLookup(pair => pair.Patient!.Value, pair => pair.Goal);

    /// <summary>Those of these patients who have agreed to be monitored.</summary>
    public async Task<IReadOnlySet<ResourceKey>> AgreedAsync(IReadOnlyCollection<ResourceKey> patients, CancellationToken cancellationToken)
    {
        if (!settings.RequireConsent)
        {
            return patients.ToHashSet();
        }

        var category = $"{ActiveConsent.System(settings.Canonicals)}|{ActiveConsent.Monitoring}";
        var consents = await OfAsync<Consent>(patients, [new("status", "active"), new("category", category)], cancellationToken);
        return consents.Where(consent => ActiveConsent.Permits(consent, ActiveConsent.Monitoring, settings.Canonicals, Now)).Select(consent => PatientOf(consent.Patient))
            .OfType<ResourceKey>().ToHashSet();
    }

    /// <summary>All that name one of these, a part of the names at a time.</summary>
    public async Task<List<T>> OfAsync<T>(
        IReadOnlyCollection<ResourceKey> named, IEnumerable<KeyValuePair<string, string>> parameters, CancellationToken cancellationToken, string by = "patient")
        where T : DomainResource
    {
        var found = new List<T>();
        foreach (var part in named.Chunk(MostNames))
        {
            found.AddRange(await AllAsync<T>([.. parameters, new(by, string.Join(',', part))], cancellationToken));
        }

        return found;
    }

    /// <summary>One page of those that match.</summary>
    public async Task<(List<T> Found, PageCursor? Next)> PageAsync<T>(
        IEnumerable<KeyValuePair<string, string>> parameters, int count, PageCursor? after, CancellationToken cancellationToken)
        where T : DomainResource
    {
        var query = server.Parser.Parse([ModelInfo.GetFhirTypeNameForType(typeof(T))!], parameters, strict: true) with
        {
            Count = count,
            After = after,
            Total = TotalMode.None,
        };
        var page = await server.Store.SearchAsync(_desk, query, cancellationToken);
        return ([.. page.Matches.Select(match => (T)FhirJson.Parse(match.Json))], page.Next);
    }

    /// <summary>
    /// Writes the alerts, all at once where that is possible, else those about one thing at once: a full one and the next go together. Those that
    /// others were faster with, to be looked at again.
    /// </summary>
    public async Task<IReadOnlyCollection<FhirTask>> WriteAsync(IReadOnlyCollection<FhirTask> changed, CancellationToken cancellationToken)
    {
        if (changed.Count == 0 || await TryWriteAsync(changed, cancellationToken))
        {
            return [];
        }

        var subjects = changed.GroupBy(task => alerts.SubjectOf(task) ?? task.Id!).Select(about => about.ToList()).ToList();
        if (subjects.Count == 1)
        {
            return changed;
        }

        var outrun = new List<FhirTask>();
        foreach (var about in subjects)
        {
            if (!await TryWriteAsync(about, cancellationToken))
            {
                outrun.AddRange(about);
            }
        }

        return outrun;
    }

    /// <summary>The patient of this server that a reference names.</summary>
    public ResourceKey? PatientOf(ResourceReference? reference) =>
        reference?.Reference is { } text && KeyOf(text) is { Type: "Patient" } patient ? patient : null;

    /// <summary>The resource of this server that a reference names, without a version.</summary>
    public ResourceKey? KeyOf(string reference) => References.KeyOf(reference, server.Address.Base);

    private async Task<bool> TryWriteAsync(IReadOnlyCollection<FhirTask> changed, CancellationToken cancellationToken)
    {
        var changes = ImmutableArray.CreateBuilder<Change>(changed.Count);
        var expectations = ImmutableArray.CreateBuilder<Expectation>();
        foreach (var task in changed)
        {
            server.Validator.Validate(task);
            var put = new PutChange(new ResourceKey("Task", task.Id!), new ResourceContent(task, FhirJson.Serialize(task)));
            if (task.Meta?.VersionId is { } version)
            {
                changes.Add(put with { IfMatch = [int.Parse(version, CultureInfo.InvariantCulture)] });
                continue;
            }

            changes.Add(put with { MustNotExist = true });
        }

        foreach (var made in changed.Where(task => task.Meta?.VersionId is null).GroupBy(task => alerts.SubjectOf(task)!))
        {
            // None is open with this name, or just the one that gives it up here.
            var full = made.SelectMany(task => task.PartOf).Select(reference => reference.Reference).ToHashSet();
            var given = changed.Where(task => task.Meta?.VersionId is not null && full.Contains($"Task/{task.Id}")).Select(task => task.Id!).ToImmutableArray();
            var query = server.Parser.Parse(
                ["Task"],
                [new("identifier", new TokenSearchValue(alerts.Identifiers, made.Key).ToQuery()), new("status", AlertTask.OpenStatuses)],
                strict: true);
            expectations.Add(new Expectation(query with { Count = given.Length + 1 }, $"alert {made.Key}", given));
        }

        try
        {
            var set = new ChangeSet(changes.ToImmutable(), expectations.ToImmutable())
            {
                Audit = AuditEntry.By(_desk, AuditKind.Rest, "update", server.Clock.GetUtcNow()),
                IsOperation = true,
            };
            return (await server.Store.CommitAsync(_desk, set, cancellationToken)).Status == CommitStatus.Committed;
        }
        catch (FhirException outrun) when (outrun.Status is HttpStatusCode.PreconditionFailed or HttpStatusCode.Conflict)
        {
            return false;
        }
    }

    private async Task<List<T>> AllAsync<T>(IReadOnlyCollection<KeyValuePair<string, string>> parameters, CancellationToken cancellationToken)
        where T : DomainResource
    {
        var all = new List<T>();
        for (PageCursor? after = null; ;)
        {
            var (found, next) = await PageAsync<T>(parameters, PageSize, after, cancellationToken);
            all.AddRange(found);
            if ((after = next) is null)
            {
                return all;
            }
        }
    }

    private static string Text(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
}
