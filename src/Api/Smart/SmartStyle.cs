namespace TeleFhir.Api.Smart;

/// <summary>Colours and sizes with which an application can look like its surroundings (SMART App Launch, Styling).</summary>
internal static class SmartStyle
{
    private static readonly Dictionary<string, string> _style = new()
    {
        ["color_background"] = "#ffffff",
        ["color_error"] = "#b3261e",
        ["color_highlight"] = "#0b6e6e",
        ["color_modal_backdrop"] = "rgba(0, 0, 0, 0.4)",
        ["color_success"] = "#1a7f37",
        ["color_text"] = "#1b1f24",
        ["dim_border_radius"] = "6px",
        ["dim_font_size"] = "16px",
        ["dim_spacing_size"] = "16px",
        ["font_family_body"] = "system-ui, sans-serif",
        ["font_family_heading"] = "system-ui, sans-serif",
    };

    public static IResult Handle(HttpContext context)
    {
        // Applications learn of changes by another address, so that this one can be kept.
        context.Response.Headers.CacheControl = "public, max-age=86400";
        return Results.Json(_style);
    }
}
