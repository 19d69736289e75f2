using System.Collections.Frozen;

namespace TeleFhir.Infrastructure.Persistence;

/// <summary>
/// Letters without their accents. The platform's own decomposition is not used: it is missing where the process runs without
/// culture data, and the index must hold the same text wherever it was written.
/// </summary>
internal static class Accents
{
    // A letter, and the lower case letters that are compared as it: those that Unicode decomposes into it and an accent
    // (Latin, Greek, Cyrillic, Arabic), and the few that have a stroke or are a ligature instead.
    private static readonly string[] _letters =
    [
        "a:àáâãäåāăąǎǟǡǻȁȃȧḁạảấầẩẫậắằẳẵặ",
        "ae:æǣǽ",
        "b:ḃḅḇƀ",
        "c:çćĉċčḉ",
        "d:ďḋḍḏḑḓđð",
        "e:èéêëēĕėęěȅȇȩḕḗḙḛḝẹẻẽếềểễệ",
        "f:ḟ",
        "g:ĝğġģǧǵḡǥ",
        "h:ĥȟḣḥḧḩḫẖħ",
        "i:ìíîïĩīĭįİǐȉȋḭḯỉịı",
        "j:ĵǰ",
        "k:ķǩḱḳḵ",
        "l:ĺļľḷḹḻḽł",
        "m:ḿṁṃ",
        "n:ñńņňǹṅṇṉṋ",
        "o:òóôõöōŏőơǒǫǭȍȏȫȭȯȱṍṏṑṓọỏốồổỗộớờởỡợøɵǿ",
        "oe:œ",
        "p:ṕṗ",
        "r:ŕŗřȑȓṙṛṝṟ",
        "s:śŝşšșṡṣṥṧṩſẛ",
        "ss:ß",
        "t:ţťțṫṭṯṱẗŧ",
        "th:þ",
        "u:ùúûüũūŭůűųưǔǖǘǚǜȕȗṳṵṷṹṻụủứừửữự",
        "v:ṽṿ",
        "w:ŵẁẃẅẇẉẘ",
        "x:ẋẍ",
        "y:ýÿŷȳẏẙỳỵỷỹ",
        "z:źżžẑẓẕƶ",
        "ʒ:ǯ",
        "α:άἀἁἂἃἄἅἆἇὰάᾀᾁᾂᾃᾄᾅᾆᾇᾰᾱᾲᾳᾴᾶᾷ",
        "ε:έἐἑἒἓἔἕὲέ",
        "η:ήἠἡἢἣἤἥἦἧὴήᾐᾑᾒᾓᾔᾕᾖᾗῂῃῄῆῇ",
        "ι:ΐίϊἰἱἲἳἴἵἶἷὶίῐῑῒΐῖῗ",
        "ο:όὀὁὂὃὄὅὸό",
        "ρ:ῤῥ",
        "σ:ς",
        "υ:ΰϋύὐὑὒὓὔὕὖὗὺύῠῡῢΰῦῧ",
        "ω:ώὠὡὢὣὤὥὦὧὼώᾠᾡᾢᾣᾤᾥᾦᾧῲῳῴῶῷ",
        "а:ӑӓ",
        "г:ѓ",
        "е:ѐёӗ",
        "ж:ӂӝ",
        "з:ӟ",
        "и:йѝӣӥ",
        "к:ќ",
        "о:ӧ",
        "у:ўӯӱӳ",
        "ч:ӵ",
        "ы:ӹ",
        "э:ӭ",
        "і:ї",
        "ѵ:ѷ",
        "ә:ӛ",
        "ө:ӫ",
        "\u0627:\u0622\u0623\u0625",
        "\u0648:\u0624",
        "\u064A:\u0626",
        "\u06C1:\u06C2",
        "\u06D2:\u06D3",
        "\u06D5:\u06C0",
    ];

    private static readonly FrozenDictionary<char, string> _plain = _letters
        .Select(line => line.Split(':'))
        .SelectMany(parts => parts[1], (parts, letter) => KeyValuePair.Create(letter, parts[0]))
        .ToFrozenDictionary();

    /// <summary>The letter or letters that a lower case one is compared as; null where it stands for itself.</summary>
    public static string? Plain(char letter) => letter < 0x80 ? null : _plain.GetValueOrDefault(letter);

    /// <summary>
    /// Whether the character does nothing but put an accent on the one before it. Marks that are vowels of their own, as in the
    /// scripts of India, are not among these.
    /// </summary>
    public static bool IsAccent(char mark) => mark is
        (>= '\u0300' and <= '\u036F') or (>= '\u1AB0' and <= '\u1AFF') or (>= '\u1DC0' and <= '\u1DFF')
        or (>= '\u20D0' and <= '\u20FF') or (>= '\uFE20' and <= '\uFE2F')
        or (>= '\u0591' and <= '\u05BD') or '\u05BF' or '\u05C1' or '\u05C2' or '\u05C4' or '\u05C5' or '\u05C7'
        or (>= '\u064B' and <= '\u065F') or '\u0670';
}
