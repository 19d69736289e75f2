using System.Net;
using System.Text;
using Hl7.Fhir.Model;

namespace TeleFhir.Infrastructure.Persistence;

/// <summary>The words of one resource.</summary>
internal sealed class WordsRow
{
    public long Key { get; set; }

    /// <summary>Each word once, with a space between them.</summary>
    public string Words { get; set; } = "";
}

/// <summary>
/// Text as its words: runs of letters and digits without case and accents. They are cut here and not in the databases, so that both find
/// the same; the databases keep and look them up.
/// </summary>
internal static class FullText
{
    /// <summary>Words of narratives, for <c>_text</c>.</summary>
    public const string Narrative = "narrative";

    /// <summary>Words of all that is written in a resource, for <c>_content</c>.</summary>
    public const string Content = "content";

    // PostgreSQL takes words of 2 KB and a megabyte of them.
    private const int LongestWord = 64;
    private const int MostLetters = 200_000;

    /// <summary>The words of the narrative; null where there is none.</summary>
    public static string? NarrativeOf(Resource resource) =>
        resource.TryGetValue("text", out var text) && text is Narrative narrative && narrative.TryGetValue("div", out var div)
        && (div as PrimitiveType)?.JsonValue is string html
            ? WordsOf([WebUtility.HtmlDecode(WithoutTags(html))])
            : null;

    /// <summary>The words of every text in the resource, its narrative among them; null where there is none.</summary>
    public static string? ContentOf(Resource resource) => WordsOf(TextsOf(resource));

    /// <summary>The words that somebody looks for: all must be there, one that ends with * is the beginning of a word.</summary>
    public static IReadOnlyList<(string Word, bool IsStart)> Query(string text) =>
    [
        .. from part in text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)
           let words = Cut(part)
           from at in Enumerable.Range(0, words.Count)
           select (words[at], at == words.Count - 1 && part[^1] == '*'),
    ];

    private static IEnumerable<string> TextsOf(Base element) => element switch
    {
        XHtml { JsonValue: string html } => [WebUtility.HtmlDecode(WithoutTags(html))],
        PrimitiveType primitive => primitive.JsonValue is string text ? [text] : [],
        _ => element.EnumerateElements().SelectMany(child => child.Value switch
        {
            Base one => TextsOf(one),
            IEnumerable<Base> many => many.SelectMany(TextsOf),
            _ => [],
        }),
    };

    private static string? WordsOf(IEnumerable<string> texts)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var letters = 0;
        foreach (var word in texts.SelectMany(Cut))
        {
            if (seen.Add(word) && (letters += word.Length) > MostLetters)
            {
                break;
            }
        }

        return seen.Count == 0 ? null : string.Join(' ', seen);
    }

    private static List<string> Cut(string text)
    {
        var words = new List<string>();
        var word = new StringBuilder();
        foreach (var rune in SearchText.Normalize(SearchText.Valid(text)).EnumerateRunes())
        {
            if (Rune.IsLetterOrDigit(rune))
            {
                word.Append(rune.ToString());
            }
            else
            {
                End();
            }
        }

        End();
        return words;

        void End()
        {
            if (word.Length > 0)
            {
                words.Add(word.Length <= LongestWord ? word.ToString() : SearchText.Valid(word.ToString(0, LongestWord)));
                word.Clear();
            }
        }
    }

    /// <summary>A tag ends a word, as it would on the page.</summary>
    private static string WithoutTags(string html)
    {
        var text = new StringBuilder(html.Length);
        var isTag = false;
        foreach (var character in html)
        {
            isTag = character == '<' || (isTag && character != '>');
            text.Append(isTag || character == '>' ? ' ' : character);
        }

        return text.ToString();
    }
}
