using Hl7.Fhir.Model;
using TeleFhir.Domain.Access;
using TeleFhir.Domain.Binaries;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Storage;
using TeleFhir.Domain.StoreAndForward;
using TeleFhir.Infrastructure.Persistence;
using ConsultTask = Hl7.Fhir.Model.Task;

namespace TeleFhir.Infrastructure.StoreAndForward;

/// <summary>
/// What every write of an e-consult, a QuestionnaireResponse, a message or an attached file must keep, by whatever way it comes. It runs inside
/// the transaction that writes, on rows that are locked.
/// </summary>
internal sealed class ExchangeRules(IndexWriter index, Canonicals canonicals)
{
    /// <summary>Whether the creates of a change set have to look at what is stored: files that they attach.</summary>
    public static bool DependsOnStored(ChangeSet changes) => changes.Changes.Any(change => change.Key.Type is "DocumentReference" or "Media" or "Communication"
        && change is CreateChange create && AttachedFiles.Of(create.Content.Resource).Any());

    /// <summary>Judges what is created and depends on nothing stored. Throws what forbids it.</summary>
    public void CheckCreates(Caller caller, ChangeSet changes)
    {
        foreach (var create in changes.Changes.OfType<CreateChange>().Where(Concerns))
        {
            Demand(Check(null, create.Content.Resource, caller, changes));
        }
    }

    /// <summary>Judges a change set: the same one, its patches made to the rows. Throws what forbids it.</summary>
    /// <param name="caller">Who writes.</param>
    /// <param name="changes">The changes.</param>
    /// <param name="stored">The rows they are of, so far as the caller knows of them, locked.</param>
    /// <param name="seen">Reads a file so far as the caller sees it: of others nothing is told, not even by what is refused.</param>
    public async Task<ChangeSet> ApplyAsync(
        Caller caller, ChangeSet changes, Dictionary<long, ResourceRow> stored, Func<ResourceKey, Task<StoredResource?>> seen)
    {
        if (!changes.Changes.Any(Concerns))
        {
            return changes;
        }

        var made = changes.Changes.Select(change => Concerns(change) ? Made(change, stored) : change).ToList();
        foreach (var change in made.Where(Concerns))
        {
            var row = RowOf(change, stored);
            var before = row is { Deleted: false } ? FhirJson.Parse(row.Raw, change.Key.Type) : null;
            var after = change switch
            {
                CreateChange create => create.Content.Resource,
                PutChange put => put.Content.Resource,
                _ => null,
            };
            Demand(Check(before, after, caller, changes));
            if (after is not null)
            {
                await CheckFilesAsync(made, after, before, seen);
            }
        }

        return changes with { Changes = [.. made] };
    }

    private static bool Concerns(Change change) => change.Key.Type is "Task" or "QuestionnaireResponse" or "Communication" or "DocumentReference" or "Media";

    private static ResourceRow? RowOf(Change change, Dictionary<long, ResourceRow> stored) =>
        stored.GetValueOrDefault(StorageHash.OfReference(change.Key.Type, change.Key.Id));

    /// <summary>A patch of what is there becomes what it makes; of what is not there it is refused later.</summary>
    private static Change Made(Change change, Dictionary<long, ResourceRow> stored) => change is PatchChange patch && RowOf(change, stored) is { Deleted: false } row
        ? new PutChange(patch.Key, patch.Apply(row.Stored())) { IfMatch = patch.IfMatch, Source = patch.Source, Basis = row.Version }
        : change;

    private static Refusal? Check(Resource? before, Resource? after, Caller caller, ChangeSet changes) => (before ?? after) switch
    {
        ConsultTask when after is ConsultTask task => ConsultStates.Check(before as ConsultTask, task, Authority(caller, changes, "Task")),
        QuestionnaireResponse => ResponseStates.Check(
            before as QuestionnaireResponse, after as QuestionnaireResponse, Authority(caller, changes, "QuestionnaireResponse")),
        Communication => MessageRules.Check(
            before as Communication, after as Communication, changes.IsOperation ? null : MessageRules.SelfOf(caller)),
        _ => null,
    };

    private static TransitionAuthority Authority(Caller caller, ChangeSet changes, string type) =>
        changes.IsOperation ? TransitionAuthority.Server
        : caller.IsStaffFor(type) ? TransitionAuthority.Staff
        : TransitionAuthority.Anyone;

    /// <summary>What attachments state of files that are here and that the resource names itself: it must be so.</summary>
    private async System.Threading.Tasks.Task CheckFilesAsync(
        List<Change> changes, Resource after, Resource? before, Func<ResourceKey, Task<StoredResource?>> seen)
    {
        var known = before is null ? [] : AttachedFiles.Of(before).Select(one => one.Attachment).ToList();
        foreach (var (attachment, expression) in AttachedFiles.Of(after))
        {
            // What is as it was need not be looked at again: the file may have a new version since.
            if (attachment is { SizeUnsignedInt: null, Hash: null } || index.LocalKey(attachment.Url!) is not { Type: "Binary" } key || known.Exists(attachment.IsExactly))
            {
                continue;
            }

            var json = changes.Find(change => change.Key.Type == "Binary" && change.Key.Id == key.Id) switch
            {
                CreateChange create => create.Content.Json,
                PutChange put => put.Content.Json,
                _ => (await seen(key))?.Json ?? ReadOnlyMemory<byte>.Empty,
            };
            if (!json.IsEmpty && BinaryContent.Of(json) is { } content)
            {
                Demand(BinaryRules.CheckAttachment(attachment, content, expression));
            }
        }
    }

    private void Demand(Refusal? refusal)
    {
        if (refusal is not null)
        {
            throw refusal.ToException(canonicals);
        }
    }
}
