using System.Collections.Immutable;
using Hl7.Fhir.Model;
using TeleFhir.Api.Fhir;
using TeleFhir.Domain.Access;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Scheduling;
using TeleFhir.Domain.Search;
using TeleFhir.Domain.Storage;

namespace TeleFhir.Api.Scheduling;

/// <summary>
/// What the operations on Appointments work with. To decide, the desk sees the whole calendar, which the caller need not; what it writes is
/// written as the caller, and what a write brings with it the store adds by itself.
/// </summary>
internal sealed partial class BookingDesk(FhirServer server, BookingSettings settings, ScheduleDirectory directory, IReceipts receipts)
{
    private const int PageSize = 1000;
    private static readonly Caller _desk = Caller.System("front-desk");

    public FhirServer Server => server;

    public Canonicals Canonicals => settings.Canonicals;

    public BookingRules Rules { get; } = new(settings);

    public DateTimeOffset Now => Moment.Whole(server.Clock.GetUtcNow());

    /// <summary>An Appointment that the caller sees, stored or proposed.</summary>
    public async Task<(Appointment Appointment, bool IsStored)> ReadAsync(Caller caller, ResourceKey key, CancellationToken cancellationToken)
    {
        if (key.Type != "Appointment")
        {
            throw FhirException.Invalid($"{key} is no Appointment.");
        }

        if (ProposalId.TryParse(key.Id, out var id))
        {
            var proposal = (await server.Proposals.FindAsync(caller, id, cancellationToken)).OrThrow(Canonicals);
            return ((Appointment)FhirJson.Parse(proposal.Json), false);
        }

        var stored = await server.ReadCurrentAsync(caller, new ResourceKey(key.Type, key.Id), cancellationToken);
        return ((Appointment)FhirJson.Parse(stored.Json), true);
    }

    /// <summary>The stored Appointment that the caller holds and has sent back whole; null where it is another one.</summary>
    public async Task<Appointment?> HeldAsync(Caller caller, Appointment sent, CancellationToken cancellationToken) =>
        sent is { Status: Appointment.AppointmentStatus.Pending, Id: { } id } && ResourceKey.IsId(id)
        && await server.Store.ReadAsync(caller, new ResourceKey("Appointment", id), cancellationToken) is { IsDeleted: false } stored
            ? (Appointment)FhirJson.Parse(stored.Json)
            : null;

    /// <summary>A resource, whoever may see it; null where there is none.</summary>
    public async Task<T?> FindAsync<T>(ResourceKey key, CancellationToken cancellationToken)
        where T : DomainResource =>
        await server.Store.ReadAsync(_desk, key, cancellationToken) is { IsDeleted: false } stored ? FhirJson.Parse(stored.Json) as T : null;

    /// <summary>All resources of a type that match, whoever may see them.</summary>
    public async Task<List<T>> AllAsync<T>(IEnumerable<KeyValuePair<string, string>> parameters, CancellationToken cancellationToken)
        where T : DomainResource
    {
        var query = server.Parser.Parse([ModelInfo.GetFhirTypeNameForType(typeof(T))!], parameters, strict: true) with { Count = PageSize, Total = TotalMode.None };
        var found = new List<T>();
        for (PageCursor? after = null; ;)
        {
            var page = await server.Store.SearchAsync(_desk, query with { After = after }, cancellationToken);
            found.AddRange(page.Matches.Select(match => (T)FhirJson.Parse(match.Json)));
            if ((after = page.Next) is null)
            {
                return found;
            }
        }
    }

    /// <summary>A new Appointment, checked as any that is sent.</summary>
    public CreateChange Create(Appointment appointment)
    {
        appointment.Id = server.NewId();
        appointment.Meta = null;
        server.Validator.Validate(appointment);
        return new CreateChange(new ResourceKey("Appointment", appointment.Id), new ResourceContent(appointment, FhirJson.Serialize(appointment)));
    }

    /// <summary>A change of a stored Appointment: decided on what is current when it is written.</summary>
    public PatchChange Change(ResourceKey key, Func<Appointment, Decision<BookingChange>> decide) => new(key, stored =>
    {
        var changed = decide((Appointment)FhirJson.Parse(stored.Json)).OrThrow(Canonicals).Appointment;
        server.Validator.Validate(changed);
        return new ResourceContent(changed, FhirJson.Serialize(changed));
    });

    /// <summary>What the server itself changes, as it goes into the audit trail.</summary>
    public ChangeSet ByJob(Caller job, ImmutableArray<Change> changes) => new(changes, [])
    {
        Audit = AuditEntry.By(job, AuditKind.Rest, "update", server.Clock.GetUtcNow()),
        IsOperation = true,
    };

    /// <summary>Writes the changes as the caller, at most once under their receipt. The Appointments among what was written.</summary>
    public async Task<ImmutableArray<StoredResource>> CommitAsync(
        FhirRequest request, ImmutableArray<Change> changes, Receipt? receipt, string name, CancellationToken cancellationToken, Interaction? needs = null)
    {
        var set = new ChangeSet(changes, [])
        {
            Audit = request.Audit?.Entry(AuditKind.Rest, $"${name}"),
            IsOperation = true,
            Receipt = receipt,
            Needs = needs,
        };
        var commit = await server.Store.CommitAsync(request.Caller, set, cancellationToken);
        return commit.Status == CommitStatus.Repeated
            ? throw FhirException.Conflict("The request is being answered already; ask again.")
            : [.. commit.Results.Take(changes.Length).Select(result => result.Resource).OfType<StoredResource>().Where(IsAppointment)];
    }

    /// <summary>
    /// Does what is asked for once under its receipt: whoever asks again, later or at the same time, is given what was written then. What
    /// the first one wrote may well be what stands in the way of the second.
    /// </summary>
    public async Task<(ImmutableArray<StoredResource> Written, bool IsRepeated)> OnceAsync(
        FhirRequest request, Receipt? receipt, Func<Task<ImmutableArray<StoredResource>>> writeAsync, CancellationToken cancellationToken)
    {
        if (await RepeatAsync(request, receipt, cancellationToken) is { } before)
        {
            return (before, true);
        }

        try
        {
            return (await writeAsync(), false);
        }
        catch (FhirException) when (receipt is not null)
        {
            if (await RepeatAsync(request, receipt, cancellationToken) is { } meanwhile)
            {
                return (meanwhile, true);
            }

            throw;
        }
    }

    /// <summary>
    /// What an earlier request with the same key wrote; null where there was none. 422 <c>idempotency-mismatch</c> where it asked for
    /// something else.
    /// </summary>
    private async Task<ImmutableArray<StoredResource>?> RepeatAsync(FhirRequest request, Receipt? receipt, CancellationToken cancellationToken)
    {
        if (receipt is null || await receipts.FindAsync(receipt.Key, cancellationToken) is not { } kept)
        {
            return null;
        }

        if (kept.Digest != receipt.Digest)
        {
            throw Refusal.BusinessRule("idempotency-mismatch", "The same Idempotency-Key came with another request before.").ToException(Canonicals);
        }

        var written = ImmutableArray.CreateBuilder<StoredResource>();
        foreach (var key in kept.Written)
        {
            if (await server.Store.ReadAsync(request.Caller, key, cancellationToken) is { } version && IsAppointment(version))
            {
                written.Add(version);
            }
        }

        return written.ToImmutable();
    }

    /// <summary>The receipt that a request asks for by its <c>Idempotency-Key</c>; null where it has none.</summary>
    public static Receipt? ReceiptOf(FhirRequest request, HttpContext context, OperationInput input)
    {
        var given = context.Request.Headers["Idempotency-Key"];
        return given.Count switch
        {
            0 => null,
            1 when given[0] is { Length: > 0 and <= 255 } key => new Receipt($"{request.Caller.ClientId}\n{request.Caller.UserId}\n{key}", input.Digest),
            _ => throw FhirException.Invalid("Idempotency-Key is one text of up to 255 characters."),
        };
    }

    /// <summary>A searchset of what was written (an operation with one <c>return</c> parameter answers the bare resource).</summary>
    /// <param name="status">The status.</param>
    /// <param name="resources">What was written.</param>
    /// <param name="warnings">What the caller should know of it besides.</param>
    public FhirResult Answer(
        System.Net.HttpStatusCode status, IReadOnlyList<StoredResource> resources, params IReadOnlyList<OperationOutcome.IssueComponent> warnings) => new(status)
        {
            Content = new BundleContent("searchset", resources.Select(resource => new ResponseEntry
            {
                FullUrl = server.Address.Of(new ResourceKey(resource.Key.Type, resource.Key.Id)),
                Resource = FhirContent.Of(resource.Json),
                SearchMode = "match",
            }).Concat(warnings.Take(1).Select(_ => new ResponseEntry
            {
                Resource = FhirContent.Of(FhirJson.Serialize(new OperationOutcome { Issue = [.. warnings] })),
                SearchMode = "outcome",
            })))
            {
                Total = resources.Count,
            },
            Touched = [.. resources],
            IsAudited = true,
            ETag = resources is [var only] ? only.ETag : null,
            LastModified = resources is [var last] ? last.LastUpdated : null,
        };

    private static bool IsAppointment(StoredResource resource) => resource.Key.Type == "Appointment";
}
