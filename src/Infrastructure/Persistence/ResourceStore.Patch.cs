using System.Collections.Immutable;
using TeleFhir.Domain.Access;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Storage;

namespace TeleFhir.Infrastructure.Persistence;

/// <summary>Patches: made before the transaction that writes, so that it is short, and anew where another write came in between.</summary>
internal sealed partial class ResourceStore
{
    private const int TriesBefore = 3;

    /// <summary>The same changes with each patch made to what is current.</summary>
    private async ValueTask<ChangeSet> PatchAsync(Caller caller, ChangeSet changes, CancellationToken cancellationToken)
    {
        if (!changes.Changes.Any(change => change is PatchChange))
        {
            return changes;
        }

        await using var session = await database.OpenAsync(cancellationToken);
        var made = ImmutableArray.CreateBuilder<Change>(changes.Changes.Length);
        foreach (var change in changes.Changes)
        {
            made.Add(change is PatchChange patch ? await PatchAsync(session, caller, patch, changes.Needs ?? Interaction.Update, cancellationToken) : change);
        }

        return changes with { Changes = made.MoveToImmutable() };
    }

    private async Task<PutChange> PatchAsync(Session session, Caller caller, PatchChange patch, Interaction needs, CancellationToken cancellationToken)
    {
        var sight = sights.Of(caller, needs, patch.Key.Type);
        var found = await FindAsync(session, sight.Row, patch.Key, cancellationToken);
        if (found is not { } current || (current.Resource.IsDeleted && !sight.Visible.IsEmpty
            && !await IsSeenAsync(session, sight.Visible, current.Key, current.Resource, cancellationToken)))
        {
            throw FhirException.NotFound($"{patch.Key} does not exist.");
        }

        if (current.Resource.IsDeleted)
        {
            throw FhirException.Gone(patch.Key, current.Resource.ETag);
        }

        var version = current.Resource.Key.Version ?? 0;
        DemandMatch(patch, version);
        return new PutChange(patch.Key, patch.Apply(current.Resource)) { IfMatch = patch.IfMatch, Source = patch.Source, Basis = version };
    }

    /// <summary>What a patch was made from is not current any more.</summary>
    private sealed class OutrunException : Exception;
}
