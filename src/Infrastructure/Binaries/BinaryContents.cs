using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Security.Cryptography;
using Hl7.Fhir.Model;
using TeleFhir.Domain.Binaries;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Storage;
using Task = System.Threading.Tasks.Task;

namespace TeleFhir.Infrastructure.Binaries;

/// <summary>
/// Keeps the contents of Binaries in the blob store. What comes as a file passes through a file of this machine, where it is looked at and
/// cleaned before it is kept; what comes in a resource is taken out of it before the resource is written.
/// </summary>
internal sealed class BinaryContents(IBlobStore blobs, BinarySettings settings, BlobStoreSettings place, Canonicals canonicals) : IBinaryContents
{
    private const string Binary = "Binary";
    private const int BufferBytes = 128 * 1024;

    /// <summary>What was received here and not named by a commit yet. That nobody else can name it is what makes the name worth anything.</summary>
    private readonly ConcurrentDictionary<string, byte> _fresh = new(StringComparer.Ordinal);

    /// <inheritdoc />
    public async Task<BinaryContent> ReceiveAsync(Stream file, string contentType, CancellationToken cancellationToken)
    {
        Demand(BinaryRules.CheckType(contentType, settings));
        var folder = Path.Combine(place.Folder, "incoming");
        Directory.CreateDirectory(folder);
        await using var staged = new FileStream(
            Path.Combine(folder, IBlobStore.NewName()), FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None, 0, FileOptions.Asynchronous | FileOptions.DeleteOnClose);
        var buffer = new byte[BufferBytes];
        var head = 0;
        while (await file.ReadAsync(head < FileSignature.HeadBytes ? buffer.AsMemory(head) : buffer, cancellationToken) is > 0 and var count)
        {
            if (staged.Length + count > settings.MaxBytes)
            {
                throw BinaryRules.OverSize(settings).ToException(canonicals);
            }

            if (head < FileSignature.HeadBytes)
            {
                await staged.WriteAsync(buffer.AsMemory(head, count), cancellationToken);
                head += count;
                if (head >= FileSignature.HeadBytes)
                {
                    // The rest of what is refused need not come.
                    Demand(BinaryRules.CheckContent(contentType, FileSignature.Of(buffer.AsSpan(0, FileSignature.HeadBytes)), head));
                }

                continue;
            }

            await staged.WriteAsync(buffer.AsMemory(0, count), cancellationToken);
        }

        return await KeepAsync(staged, contentType, cancellationToken);
    }

    /// <inheritdoc />
    public async Task DiscardAsync(BinaryContent content)
    {
        _fresh.TryRemove(content.Blob, out _);
        await blobs.DeleteAsync(content.Blob, CancellationToken.None);
    }

    /// <summary>From now on the resource that was written has it, and no other commit may name it.</summary>
    public void Settle(BinaryContent content) => _fresh.TryRemove(content.Blob, out _);

    /// <inheritdoc />
    public Task<Stream> OpenAsync(BinaryContent content, long offset, long length, CancellationToken cancellationToken) =>
        blobs.OpenAsync(content.Blob, offset, length, cancellationToken);

    /// <summary>
    /// The changes with the contents of their Binaries put away, ready to be written. What was put away is added to
    /// <paramref name="kept"/>, to be settled where the commit names it and discarded where it does not.
    /// </summary>
    public async ValueTask<ChangeSet> PutAwayAsync(
        ChangeSet changes, Func<ResourceKey, Task<StoredResource?>> current, List<BinaryContent> kept, CancellationToken cancellationToken)
    {
        if (!changes.Changes.Any(change => change.Key.Type == Binary && change is not DeleteChange))
        {
            return changes;
        }

        var made = ImmutableArray.CreateBuilder<Change>(changes.Changes.Length);
        foreach (var change in changes.Changes)
        {
            made.Add(change switch
            {
                _ when change.Key.Type != Binary => change,
                CreateChange create => create with { Content = await PutAwayAsync(create.Content, null, kept, cancellationToken) },
                PutChange put => put with { Content = await PutAwayAsync(put.Content, await current(put.Key), kept, cancellationToken) },
                PatchChange patch => patch with { Apply = stored => Patched(stored, patch.Apply) },
                _ => change,
            });
        }

        return changes with { Changes = made.MoveToImmutable() };
    }

    private async Task<ResourceContent> PutAwayAsync(
        ResourceContent sent, StoredResource? current, List<BinaryContent> kept, CancellationToken cancellationToken)
    {
        var binary = (Binary)sent.Resource;
        var (before, named) = (current is { IsDeleted: false } ? BinaryContent.Of(current.Json) : null, BinaryContent.Of(sent.Json));
        BinaryContent? content;
        if (binary.Data is { Length: > 0 } data)
        {
            Demand(BinaryRules.CheckType(binary.ContentType, settings));
            await using var file = new MemoryStream();
            await file.WriteAsync(data, cancellationToken);
            content = await KeepAsync(file, binary.ContentType!, cancellationToken);
            kept.Add(content);
        }
        else if (named is not null && _fresh.ContainsKey(named.Blob))
        {
            // Whoever received it discards it where it is not wanted, for the commit may be tried again.
            content = named;
        }
        else if (named is not null)
        {
            content = named == before && SameType(current!, binary)
                ? named
                : throw Refuse("This content is not that of the current version: send the data itself.", "Binary.data");
        }
        else
        {
            content = before is null ? null : throw Refuse("The content is missing: an update has all of the resource.", "Binary.data");
            Demand(BinaryRules.CheckType(binary.ContentType, settings));
        }

        // The same content again is no other content.
        if (before is not null && content is not null && content.Sha256 == before.Sha256 && content.Size == before.Size)
        {
            content = before;
        }

        return Of(sent.Json, content);
    }

    /// <summary>A patch sees and makes all but the content, which stays.</summary>
    private static ResourceContent Patched(StoredResource stored, Func<StoredResource, ResourceContent> apply)
    {
        var content = BinaryContent.Of(stored.Json);
        var made = apply(content is null ? stored : stored with { Json = BinaryContent.Put(stored.Json, null) });
        var binary = (Binary)made.Resource;

        // Without a blob: what an earlier version of the server stored, with its data in the row, where it stays.
        var isSame = content is null
            ? BinaryContent.Of(made.Json) is null && (((Binary)FhirJson.Parse(stored.Json, Binary)).Data ?? []).AsSpan().SequenceEqual(binary.Data)
            : binary.DataElement is null;
        return !isSame || !SameType(stored, binary)
            ? throw Refuse("The content and its type are changed by an update, not by a patch.", "Binary.data")
            : content is null ? made : Of(made.Json, content);
    }

    private async Task<BinaryContent> KeepAsync(Stream file, string contentType, CancellationToken cancellationToken)
    {
        var head = new byte[FileSignature.HeadBytes];
        file.Position = 0;
        var kind = FileSignature.Of(head.AsSpan(0, await file.ReadAtLeastAsync(head, head.Length, throwOnEndOfStream: false, cancellationToken)));
        Demand(BinaryRules.CheckContent(contentType, kind, file.Length));
        FilePosition.Remove(file, kind);
        file.Position = 0;
        var (sha1, sha256) = await DigestAsync(file, cancellationToken);
        var content = new BinaryContent(IBlobStore.NewName(), file.Length, sha1, sha256);
        file.Position = 0;
        await blobs.WriteAsync(content.Blob, file, cancellationToken);
        _fresh[content.Blob] = 0;
        return content;
    }

#pragma warning disable CA5350 // Attachment.hash is SHA-1 (https://hl7.org/fhir/R4/datatypes.html#attachment); nothing trusts in it.
    private static async Task<(string Sha1, string Sha256)> DigestAsync(Stream file, CancellationToken cancellationToken)
    {
        using var sha1 = IncrementalHash.CreateHash(HashAlgorithmName.SHA1);
        using var sha256 = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = new byte[BufferBytes];
        while (await file.ReadAsync(buffer, cancellationToken) is > 0 and var count)
        {
            sha1.AppendData(buffer, 0, count);
            sha256.AppendData(buffer, 0, count);
        }

        return (Convert.ToBase64String(sha1.GetHashAndReset()), Convert.ToBase64String(sha256.GetHashAndReset()));
    }
#pragma warning restore CA5350

    private static ResourceContent Of(ReadOnlyMemory<byte> json, BinaryContent? content)
    {
        var stored = BinaryContent.Put(json, content);
        return new ResourceContent(FhirJson.Parse(stored, Binary), stored);
    }

    private static bool SameType(StoredResource stored, Binary binary) => ((Binary)FhirJson.Parse(stored.Json, Binary)).ContentType == binary.ContentType;

    private static FhirException Refuse(string text, string expression) => FhirException.BusinessRule(text, expression);

    private void Demand(Refusal? refusal)
    {
        if (refusal is not null)
        {
            throw refusal.ToException(canonicals);
        }
    }
}
