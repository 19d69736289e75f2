using Microsoft.Playwright;

namespace TeleFhir.Browser.Tests;

/// <summary>What a person does on the pages of the server, by the words they see.</summary>
internal static class Person
{
    public const string Password = "Telefhir-demo-1";

    public static async Task SignInAsync(this IPage page, string userName, string password = Password)
    {
        await page.GetByLabel("User name").FillAsync(userName);
        await page.GetByLabel("Password").FillAsync(password);
        await page.GetByRole(AriaRole.Button, new() { Name = "Sign in" }).ClickAsync();
    }
}
