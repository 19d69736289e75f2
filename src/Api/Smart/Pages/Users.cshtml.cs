using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;
using TeleFhir.Domain.Access;

namespace TeleFhir.Api.Smart.Pages;

/// <summary>What the form of a user holds.</summary>
internal sealed class UserForm
{
    [FromForm(Name = "username")]
    public string? UserName { get; set; }

    [FromForm(Name = "display")]
    public string? Display { get; set; }

    [FromForm(Name = "role")]
    public string? Role { get; set; }

    [FromForm(Name = "fhirUser")]
    public string? FhirUser { get; set; }

    [FromForm(Name = "clearance")]
    public string? Clearance { get; set; } = nameof(Confidentiality.Normal);

    [FromForm(Name = "disabled")]
    public bool Disabled { get; set; }

    [FromForm(Name = "password")]
    public string? Password { get; set; }
}

/// <summary>Adds and changes users.</summary>
internal sealed class UsersModel(IUserAccounts accounts, IUserDirectory directory, ISecondFactors factors, AuthorizationEvents events) : PageModel
{
    [BindProperty(Name = "id", SupportsGet = true)]
    public string? Id { get; set; }

    public UserForm Form { get; private set; } = new();

    public UserAccount? Editing { get; private set; }

    public IReadOnlyList<UserAccount> Accounts { get; private set; } = [];

    public string? Fault { get; private set; }

    public string? Done { get; private set; }

    private Person Person => HttpContext.Features.Get<Person>()!;

    public async Task<IActionResult> OnGetAsync()
    {
        if (!await LoadAsync())
        {
            return NotFound();
        }

        Show();
        return Page();
    }

    public async Task<IActionResult> OnPostAsync([FromForm(Name = "action")] string? action, [FromForm] UserForm form)
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
                ("password", { } edited) => await SetPasswordAsync(edited),
                ("factor", { } edited) => await RemoveFactorAsync(edited),
                _ => throw new AccountException("The form is not complete."),
            };
        }
        catch (AccountException wrong)
        {
            Fault = wrong.Message;
            return new PageResult { StatusCode = StatusCodes.Status400BadRequest };
        }

        await events.RecordAsync(HttpContext, AuditKind.Administration, $"user-{action}", StatusCodes.Status200OK, Person.Account, $"User {Editing?.Id ?? form.UserName}.");
        await LoadAsync();
        Show();
        return Page();
    }

    private async Task<bool> LoadAsync()
    {
        Editing = Id is null ? null : await directory.FindAsync(Id, HttpContext.RequestAborted);
        Accounts = Id is null ? await accounts.ListAsync(HttpContext.RequestAborted) : [];
        return Id is null || Editing is not null;
    }

    private void Show() => Form = Editing is null ? new UserForm() : new UserForm
    {
        Display = Editing.DisplayName,
        Role = Editing.Role.ToString(),
        FhirUser = Editing.FhirUser,
        Clearance = Editing.Clearance.ToString(),
        Disabled = Editing.IsDisabled,
    };

    private async Task<string> AddAsync()
    {
        var added = await accounts.AddAsync(
            new NewAccount(Form.UserName ?? "", Form.Display ?? "", Named<UserRole>(Form.Role), Resource) { Clearance = Named<Confidentiality>(Form.Clearance) },
            Form.Password ?? "",
            HttpContext.RequestAborted);
        return $"{added.UserName} can sign in.";
    }

    private async Task<string> ChangeAsync(UserAccount edited)
    {
        var changed = edited with
        {
            DisplayName = Form.Display ?? "",
            Role = Named<UserRole>(Form.Role),
            FhirUser = Resource,
            Clearance = Named<Confidentiality>(Form.Clearance),
            IsDisabled = Form.Disabled,
        };
        if (edited.Id == Person.Account.Id && (changed.IsDisabled || changed.Role != UserRole.Administrator))
        {
            throw new AccountException("You cannot take your own rights away: ask another administrator.");
        }

        await accounts.ChangeAsync(changed, HttpContext.RequestAborted);
        return "Saved.";
    }

    private async Task<string> SetPasswordAsync(UserAccount edited)
    {
        await accounts.SetPasswordAsync(edited.Id, Form.Password ?? "", HttpContext.RequestAborted);
        return "The password is set.";
    }

    private async Task<string> RemoveFactorAsync(UserAccount edited)
    {
        await factors.RemoveAsync(edited.Id, HttpContext.RequestAborted);
        return "The second step is removed; they set it up anew when they sign in.";
    }

    private string? Resource => string.IsNullOrWhiteSpace(Form.FhirUser) ? null : Form.FhirUser.Trim();

    private static T Named<T>(string? name)
        where T : struct, Enum =>
        Enum.GetNames<T>().Contains(name) ? Enum.Parse<T>(name!) : throw new AccountException("The form is not complete.");
}
