using System.Buffers;
using System.Collections.Immutable;
using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using TeleFhir.Api.Fhir;
using TeleFhir.Domain.Access;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Storage;
using TeleFhir.Domain.Subscriptions;

namespace TeleFhir.Api.Subscriptions;

/// <summary>A notification as it goes out.</summary>
/// <param name="Id">The same whenever it is sent, so that who gets it twice can tell.</param>
/// <param name="Type">One of <see cref="NotificationType"/>.</param>
/// <param name="Json">The Bundle.</param>
/// <param name="Shown">The versions that are in it.</param>
internal sealed record Notification(string Id, string Type, ReadOnlyMemory<byte> Json, ImmutableArray<StoredResource> Shown);

/// <summary>An event that somebody may still be told of.</summary>
/// <param name="Event">The event.</param>
/// <param name="Version">What it is about, as it was then.</param>
/// <param name="IsShown">Whether the version may be shown: the resource is still there.</param>
internal sealed record SeenEvent(SubscriptionEvent Event, StoredResource Version, bool IsShown);

/// <summary>Makes notifications (https://hl7.org/fhir/uv/subscriptions-backport/STU1.1/notifications.html).</summary>
internal sealed class Notifications(IResourceStore store, SubscriptionSettings settings, TimeProvider clock)
{
    private const string Profile = SubscriptionRules.Guide + "backport-subscription-notification-r4";

    /// <summary>
    /// Of these events those that the caller may be told of now: who may see neither the version nor what has become of it, since consent was
    /// withdrawn for example, learns nothing of the event.
    /// </summary>
    public async Task<List<SeenEvent>> SeenAsync(Caller caller, IEnumerable<SubscriptionEvent> events, CancellationToken cancellationToken)
    {
        var seen = new List<SeenEvent>();
        foreach (var one in events)
        {
            var key = one.Focus;
            if (caller.May(Interaction.Read, key.Type)
                && await store.ReadAsync(caller, key, cancellationToken) is { } version
                && await store.ReadAsync(caller, new ResourceKey(key.Type, key.Id), cancellationToken) is { } current)
            {
                seen.Add(new SeenEvent(one, version, !current.IsDeleted && !version.IsDeleted));
            }
        }

        return seen;
    }

    /// <summary>The Bundle that tells of them.</summary>
    public async Task<Notification> OfAsync(SubscriptionRecord record, string type, IReadOnlyList<SeenEvent> events, PayloadContent content, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var now = clock.GetUtcNow();
        var status = SubscriptionStatus.Of(record, type, events.Select(one => one.Event), content != PayloadContent.Empty, settings);
        var shown = content == PayloadContent.FullResource ? events.Where(one => one.IsShown).Select(one => one.Version).ToImmutableArray() : [];
        var bundle = new BundleContent("history", Entries(record, status, shown)) { Profile = Profile, Timestamp = now };
        var buffer = new ArrayBufferWriter<byte>();
        await using (var json = new Utf8JsonWriter(buffer, JsonForm.Written))
        {
            await bundle.WriteAsync(json, () => ValueTask.CompletedTask);
        }

        // A heartbeat or a handshake is a new one each time; the same events are the same notification, however often they go out.
        var name = events.Count > 0
            ? string.Create(CultureInfo.InvariantCulture, $"{record.Id}/{record.Owned.UtcTicks}/{events[0].Event.Number}-{events[^1].Event.Number}")
            : string.Create(CultureInfo.InvariantCulture, $"{record.Id}/{type}/{now.UtcTicks}");
        return new Notification($"msg_{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(name)))[..32]}", type, buffer.WrittenMemory, shown);
    }

    private IEnumerable<ResponseEntry> Entries(SubscriptionRecord record, Hl7.Fhir.Model.Parameters status, ImmutableArray<StoredResource> shown)
    {
        status.Id = Guid.NewGuid().ToString("D");
        yield return new ResponseEntry
        {
            FullUrl = $"urn:uuid:{status.Id}",
            Resource = FhirContent.Of(FhirJson.Serialize(status)),
            Request = ("GET", $"{settings.FhirBase}/Subscription/{record.Id}/$status"),
            Response = new EntryResponse(HttpStatusCode.OK),
        };
        foreach (var version in shown)
        {
            var isNew = version.Key.Version == 1;
            yield return new ResponseEntry
            {
                FullUrl = $"{settings.FhirBase}/{version.Key.Type}/{version.Key.Id}",
                Resource = FhirContent.Of(version.Json),
                Request = version.Method == VersionMethod.Post ? ("POST", version.Key.Type) : ("PUT", $"{version.Key.Type}/{version.Key.Id}"),
                Response = new EntryResponse(isNew ? HttpStatusCode.Created : HttpStatusCode.OK) { ETag = version.ETag, LastModified = version.LastUpdated },
            };
        }
    }
}
