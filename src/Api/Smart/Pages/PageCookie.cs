using System.Buffers.Text;
using System.Security.Cryptography;
using TeleFhir.Api.Fhir;

namespace TeleFhir.Api.Smart.Pages;

/// <summary>Small cookies of the pages, all made alike; over https their names begin with <c>__Host-</c>.</summary>
internal sealed class PageCookie(string name, FhirAddress address)
{
    private readonly bool _isSecure = address.Base.StartsWith("https:", StringComparison.Ordinal);

    private string Name => _isSecure ? $"__Host-{name}" : name;

    public string? Read(HttpContext context) => context.Request.Cookies[Name];

    public void Write(HttpContext context, string value) => context.Response.Cookies.Append(Name, value, Options);

    public void Remove(HttpContext context) => context.Response.Cookies.Delete(Name, Options);

    private CookieOptions Options => new() { HttpOnly = true, Secure = _isSecure, SameSite = SameSiteMode.Lax, Path = "/" };
}

/// <summary>A random value by which a browser is known again before anybody is signed in.</summary>
internal sealed class BrowserMark(FhirAddress address)
{
    private const int Bytes = 32;
    private readonly PageCookie _cookie = new("telefhir.browser", address);

    public string Of(HttpContext context)
    {
        if (_cookie.Read(context) is { Length: > 0 and <= 100 } mark)
        {
            return mark;
        }

        mark = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(Bytes));
        _cookie.Write(context, mark);
        return mark;
    }
}
