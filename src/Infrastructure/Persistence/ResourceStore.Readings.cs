using TeleFhir.Domain.Access;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Monitoring;
using TeleFhir.Domain.Storage;
using TeleFhir.Infrastructure.Audit;
using TeleFhir.Infrastructure.Monitoring;
using TeleFhir.Infrastructure.Search;

namespace TeleFhir.Infrastructure.Persistence;

/// <summary>
/// Readings of devices, each for itself but written together: a few queries decide about all of them, and what is left goes into the
/// transaction that it shares with other creates. Two who write the same reading at once both find it missing; of those the database lets one
/// through, and the other looks again.
/// </summary>
internal sealed partial class ResourceStore
{
    private async Task<(CommitResult Result, AuditEntry? Entry, AuditIntakeRow? Intake)> AppendEachAsync(
        Caller caller, ChangeSet changes, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var creates = changes.Changes.Select(change => change as CreateChange
            ?? throw new NotSupportedException("Only what is created stands for itself.")).ToList();
        var results = new ChangeResult[creates.Count];
        var written = new RowBatch();
        var kept = new List<int>();

        // Where references are held, what they lead to is locked until the commit, which then is one of its own.
        var session = limits.EnforcesReferences
            ? await database.BeginAsync(appends: false, cancellationToken)
            : await database.OpenAsync(cancellationToken);
        AuditEntry? entry;
        AuditIntakeRow? intake;
        await using (session)
        {
            var rows = await JudgeAsync(session, caller, changes, creates, results, now, cancellationToken);
            var names = creates.Select(create => create.ReadingName is { } name ? ReadingRow.Of(name, 0) : null).ToList();
            var known = await readings.FindAsync(
                session, [.. names.Where((name, at) => name is not null && results[at].Refusal is null).OfType<ReadingRow>()], cancellationToken);
            for (var at = 0; at < creates.Count; at++)
            {
                if (results[at].Refusal is not null)
                {
                    continue;
                }

                if (names[at] is { } asked && known.TryGetValue((asked.High, asked.Low), out var stored))
                {
                    results[at] = new ChangeResult(ChangeOutcome.Repeated, stored.Resource);
                    continue;
                }

                if (limits.EnforcesReferences && await MissingTargetAsync(session, caller, rows[at], cancellationToken) is { } missing)
                {
                    results[at] = Refused(missing);
                    continue;
                }

                if (names[at] is { } name)
                {
                    name.Key = rows[at].NewResources[0].Key;
                    written.Readings.Add(name);

                    // The same may come twice in one set.
                    known[(name.High, name.Low)] = (name.Key, results[at].Resource!);
                }

                written.Add(rows[at]);
                kept.Add(at);
            }

            entry = EntryOf(
                changes with { Changes = [.. kept.Select(at => creates[at])] }, [.. kept.Select(at => results[at])], new Dictionary<long, ResourceRow>(), kept.Count);
            intake = Enter(written, entry);
            if (limits.EnforcesReferences && !written.IsEmpty)
            {
                await session.CommitAsync(written, cancellationToken);
            }
        }

        if (!limits.EnforcesReferences && !written.IsEmpty)
        {
            await appends.CommitAsync(written, cancellationToken);
        }

        return (new CommitResult(CommitStatus.Committed, [.. results]), entry, intake);
    }

    /// <summary>Why the references of one resource do not hold; null where they do.</summary>
    private async Task<FhirException?> MissingTargetAsync(Session session, Caller caller, RowBatch rows, CancellationToken cancellationToken)
    {
        try
        {
            await DemandTargetsAsync(session, caller, rows, [], cancellationToken);
            return null;
        }
        catch (FhirException missing)
        {
            return missing;
        }
    }

    /// <summary>The rows of each, and its result: refused where it is outside the caller's reach or a rule forbids it.</summary>
    private async Task<RowBatch[]> JudgeAsync(
        Session session, Caller caller, ChangeSet changes, List<CreateChange> creates, ChangeResult[] results, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var rows = new RowBatch[creates.Count];
        var judged = new List<(int At, Reading Reading)>(creates.Count);
        for (var at = 0; at < creates.Count; at++)
        {
            var create = creates[at];
            rows[at] = new RowBatch();
            results[at] = Apply(rows[at], create, StorageHash.OfReference(create.Key.Type, create.Key.Id), stored: null, now.UtcTicks);
            rows[at].NotedReadings.Clear();

            // Whether the caller may write of this patient comes first: what a rule says would tell of the patient.
            var visible = visibility.Of(caller, changes.Needs ?? Domain.Fhir.Interaction.Create, create.Key.Type);
            if (!caller.IsUnrestricted
                && !await new RowJudge(database, session, rows[at].NewResources[0], rows[at]).HoldAsync(visible, cancellationToken))
            {
                results[at] = Refused(FhirException.Forbidden($"The content of this {create.Key.Type} is outside what this caller may write."));
            }
            else if (create.ReadingName is not null && create.Content.Resource is Hl7.Fhir.Model.Observation observation)
            {
                judged.Add((at, Reading.Of(observation, indexWriter.LocalKey)));
            }
        }

        var refusals = await readings.JudgeAsync(session, [.. judged.Select(one => one.Reading)], now, cancellationToken);
        for (var i = 0; i < refusals.Length; i++)
        {
            if (refusals[i] is { } refusal)
            {
                results[judged[i].At] = Refused(refusal.ToException(rules.Canonicals));
            }
        }

        return rows;
    }

    private static ChangeResult Refused(FhirException why) => new(ChangeOutcome.Refused, null) { Refusal = why };

    /// <summary>Notes what a plain write stores of a device, so that the device may send it again.</summary>
    private void NoteReading(RowBatch batch, ResourceRow row, Hl7.Fhir.Model.Resource resource)
    {
        if (readings.ReadingOf(resource)?.Name is { } name)
        {
            batch.NotedReadings.Add(ReadingRow.Of(name, row.Key));
        }
    }
}
