using System.Buffers.Text;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Hl7.Fhir.Model;
using Microsoft.Net.Http.Headers;
using TeleFhir.Api.Fhir;
using TeleFhir.Domain.Access;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Scheduling;
using TeleFhir.Domain.Search;
using Task = System.Threading.Tasks.Task;

namespace TeleFhir.Api.Scheduling.Calendars;

/// <summary>
/// A calendar as a file (RFC 5545): what the owner of the feed would find by searching now, so a label or a Consent that takes an Appointment
/// from their sight takes it from here. Each fetch is in the audit trail, as the owner's.
/// </summary>
internal static class CalendarFile
{
    private const int PageSize = 500;
    private const int Most = 5000;
    private static readonly TimeSpan _back = TimeSpan.FromDays(90);
    private static readonly Caller _desk = Caller.System("front-desk");

    public static async Task HandleAsync(
        HttpContext context, string secret, ICalendarFeeds feeds, FhirServer server, IAuditTrail trail, CancellationToken cancellationToken)
    {
        var response = context.Response;
        response.Headers.CacheControl = "private, no-cache";
        response.Headers["Referrer-Policy"] = "no-referrer";
        if (await feeds.FindAsync(secret, cancellationToken) is not { } feed)
        {
            response.StatusCode = StatusCodes.Status404NotFound;
            return;
        }

        var found = await FindAsync(feed, server, cancellationToken);
        var entries = found.Select(stored => (Appointment)FhirJson.Parse(stored.Json)).Select(one => new CalendarEntry(one, LandingPage.Of(one, server.Address)));
        var text = Encoding.UTF8.GetBytes(AppointmentCalendar.Write(entries, new Uri(server.Address.Base).Host, server.Clock.GetUtcNow()));
        var tag = new EntityTagHeaderValue($"\"{Base64Url.EncodeToString(SHA256.HashData(text))}\"");
        var known = context.Request.GetTypedHeaders().IfNoneMatch;
        response.StatusCode = known.Any(one => one.Equals(EntityTagHeaderValue.Any) || one.Compare(tag, useStrongComparison: false))
            ? StatusCodes.Status304NotModified
            : StatusCodes.Status200OK;
        response.Headers.ETag = tag.ToString();
        await trail.RecordAsync(EntryOf(context, feed, found, server.Clock), cancellationToken);
        if (response.StatusCode == StatusCodes.Status304NotModified)
        {
            return;
        }

        response.ContentType = AppointmentCalendar.MediaType;
        response.ContentLength = text.Length;
        response.Headers.ContentDisposition = "inline; filename=\"appointments.ics\"";
        if (!HttpMethods.IsHead(context.Request.Method))
        {
            await response.BodyWriter.WriteAsync(text, cancellationToken);
        }
    }

    private static async Task<List<StoredResource>> FindAsync(CalendarFeed feed, FhirServer server, CancellationToken cancellationToken)
    {
        // A clinician is booked by their roles too.
        List<string> actors = [feed.Subject.ToString()];
        if (feed.Subject.Type == "Practitioner")
        {
            var roles = server.Parser.Parse(["PractitionerRole"], [new("practitioner", actors[0])], strict: true) with { Count = PageSize };
            actors.AddRange((await server.Store.SearchAsync(_desk, roles, cancellationToken)).Matches.Select(role => $"PractitionerRole/{role.Key.Id}"));
        }

        var since = (server.Clock.GetUtcNow() - _back).UtcDateTime.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
        var query = server.Parser.Parse(
            ["Appointment"], [new("actor", string.Join(',', actors)), new("date", $"ge{since}"), new("_sort", "date")], strict: true) with
        {
            Count = PageSize,
            Total = TotalMode.None,
        };
        var found = new List<StoredResource>();
        for (PageCursor? after = null; ;)
        {
            var page = await server.Store.SearchAsync(feed.Caller, query with { After = after }, cancellationToken);
            found.AddRange(page.Matches);
            if ((after = page.Next) is null || found.Count >= Most)
            {
                return found;
            }
        }
    }

    private static AuditEntry EntryOf(HttpContext context, CalendarFeed feed, List<StoredResource> found, TimeProvider clock) =>
        AuditEntry.By(feed.Caller, AuditKind.Rest, "$calendar", clock.GetUtcNow()) with
        {
            Status = context.Response.StatusCode,
            RemoteAddress = context.Connection.RemoteIpAddress?.ToString(),
            RequestId = context.TraceIdentifier,
            Touched = [.. found],
            Resources = found.Count == 0 ? [feed.Subject.ToString()] : [],
        };
}
