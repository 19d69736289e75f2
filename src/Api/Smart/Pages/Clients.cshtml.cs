using System.Collections.Immutable;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;
using TeleFhir.Domain.Access;

namespace TeleFhir.Api.Smart.Pages;

/// <summary>What the form of a client holds.</summary>
internal sealed class ClientForm
{
    [FromForm(Name = "client_id")]
    public string? ClientId { get; set; }

    [FromForm(Name = "client_name")]
    public string? Name { get; set; }

    [FromForm(Name = "kind")]
    public string? Kind { get; set; }

    [FromForm(Name = "redirect_uris")]
    public string? RedirectUris { get; set; }

    [FromForm(Name = "initiate_login_uri")]
    public string? InitiateLoginUri { get; set; }

    [FromForm(Name = "scopes")]
    public string? Scopes { get; set; }

    [FromForm(Name = "jwks_uri")]
    public string? JwksUri { get; set; }

    [FromForm(Name = "jwks")]
    public string? Jwks { get; set; }

    [FromForm(Name = "backend")]
    public bool IsBackend { get; set; }

    [FromForm(Name = "introspect")]
    public bool MayIntrospect { get; set; }

    [FromForm(Name = "trusted")]
    public bool IsTrusted { get; set; }

    public static ClientForm Of(ClientRegistration client) => new()
    {
        ClientId = client.Id,
        Name = client.Name,
        Kind = client.Kind.ToString(),
        RedirectUris = string.Join('\n', client.RedirectUris),
        InitiateLoginUri = client.InitiateLoginUri,
        Scopes = string.Join(' ', client.Scopes),
        JwksUri = client.JwksUri,
        Jwks = client.Jwks,
        IsBackend = client.IsBackend,
        MayIntrospect = client.MayIntrospect,
        IsTrusted = client.IsTrusted,
    };

    public ClientRegistration Over(ClientRegistration client) => client with
    {
        Name = Name?.Trim() ?? "",
        RedirectUris = Words(RedirectUris),
        InitiateLoginUri = Optional(InitiateLoginUri),
        Scopes = Words(Scopes),
        JwksUri = Optional(JwksUri),
        Jwks = Optional(Jwks),
        IsBackend = IsBackend,
        MayIntrospect = MayIntrospect,
        IsTrusted = IsTrusted,
    };

    private static ImmutableArray<string> Words(string? text) =>
        [.. (text ?? "").Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).Distinct()];

    private static string? Optional(string? text) => string.IsNullOrWhiteSpace(text) ? null : text.Trim();
}

/// <summary>Registers, changes and removes clients.</summary>
internal sealed class ClientsModel(IClients clients, AuthorizationEvents events) : PageModel
{
    [BindProperty(Name = "id", SupportsGet = true)]
    public string? Id { get; set; }

    public ClientForm Form { get; private set; } = new() { IsTrusted = true };

    public ClientRegistration? Editing { get; private set; }

    public IReadOnlyList<ClientRegistration> Clients { get; private set; } = [];

    public string? Secret { get; private set; }

    public string? Fault { get; private set; }

    public string? Done { get; private set; }

    public async Task<IActionResult> OnGetAsync()
    {
        if (!await LoadAsync())
        {
            return NotFound();
        }

        Form = Editing is null ? Form : ClientForm.Of(Editing);
        return Page();
    }

    public async Task<IActionResult> OnPostAsync([FromForm(Name = "action")] string? action, [FromForm] ClientForm form)
    {
        if (!await LoadAsync())
        {
            return NotFound();
        }

        Form = form;
        try
        {
            Done = (action, Editing) switch
            {
                ("add", null) => await AddAsync(),
                ("change", { } edited) => await ChangeAsync(edited),
                ("remove", { } edited) => await RemoveAsync(edited),
                _ => throw new ClientMetadataException("invalid_client_metadata", "The form is not complete."),
            };
        }
        catch (ClientMetadataException wrong)
        {
            Fault = wrong.Message;
            return new PageResult { StatusCode = StatusCodes.Status400BadRequest };
        }

        var account = HttpContext.Features.Get<Person>()!.Account;
        await events.RecordAsync(HttpContext, AuditKind.Administration, $"client-{action}", StatusCodes.Status200OK, account, client: Editing?.Id ?? form.ClientId);
        Id = action == "change" ? Id : null;
        await LoadAsync();
        Form = Editing is null ? new ClientForm { IsTrusted = true } : ClientForm.Of(Editing);
        return Page();
    }

    private async Task<bool> LoadAsync()
    {
        Editing = Id is null ? null : await clients.FindAsync(Id, HttpContext.RequestAborted);
        Clients = Id is null ? await clients.ListAsync(HttpContext.RequestAborted) : [];
        return Id is null || Editing is not null;
    }

    private async Task<string> AddAsync()
    {
        var kind = Enum.GetNames<ClientKind>().Contains(Form.Kind) ? Enum.Parse<ClientKind>(Form.Kind!) : ClientKind.Public;
        Secret = await clients.AddAsync(Form.Over(new ClientRegistration(Form.ClientId?.Trim() ?? "", "", kind)), HttpContext.RequestAborted);
        return $"{Form.Name} is registered.";
    }

    private async Task<string> ChangeAsync(ClientRegistration edited)
    {
        await clients.ChangeAsync(Form.Over(edited), HttpContext.RequestAborted);
        return "Saved.";
    }

    private async Task<string> RemoveAsync(ClientRegistration edited)
    {
        await clients.RemoveAsync(edited.Id, HttpContext.RequestAborted);
        return $"{edited.Name} is removed.";
    }
}
