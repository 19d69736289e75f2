using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Storage;

namespace TeleFhir.Infrastructure.Tests;

/// <summary>Modifiers that look beside the values, units, lists, and what is included along chains; each answer worked out by hand.</summary>
public sealed class SearchModifierTests(SearchModifierTests.Fixture fixture) : IClassFixture<SearchModifierTests.Fixture>
{
    private static readonly string[] _resources =
    [
        """
        {"resourceType":"Patient","id":"t1","identifier":[
          {"type":{"coding":[{"system":"urn:v2","code":"MR"},{"code":"local"}],"text":"Record number"},"system":"urn:a","value":"446|3"},
          {"type":{"coding":[{"system":"urn:v2","code":"SS"}]},"value":"999"}],
          "managingOrganization":{"reference":"Organization/lower","display":"Ward Zürich"}}
        """,
        """
        {"resourceType":"Patient","id":"t2","identifier":[
          {"type":{"coding":[{"system":"urn:v2","code":"MR"}]},"system":"urn:b","value":"999"},{"system":"urn:v2","value":"446"}],
          "generalPractitioner":[{"display":"Dr. Who"}]}
        """,
        """{"resourceType":"Organization","id":"top","name":"Top"}""",
        """{"resourceType":"Organization","id":"middle","name":"Middle","partOf":{"reference":"Organization/top"}}""",
        """{"resourceType":"Organization","id":"lower","name":"Lower","partOf":{"reference":"Organization/middle"}}""",
        """
        {"resourceType":"Observation","id":"mg","status":"final","subject":{"reference":"Patient/t1","display":"Ms. One"},
          "code":{"coding":[{"system":"urn:c","code":"dose","display":"Dose given"}],"text":"The dose"},
          "valueQuantity":{"value":500,"unit":"milligrams","system":"http://unitsofmeasure.org","code":"mg"}}
        """,
        """
        {"resourceType":"Observation","id":"gram","status":"final","subject":{"reference":"Patient/t2"},
          "code":{"coding":[{"system":"urn:c","code":"dose","display":"Dosis"}]},
          "valueQuantity":{"value":0.5,"system":"http://unitsofmeasure.org","code":"g"},
          "component":[{"code":{"coding":[{"system":"urn:c","code":"part"}]},
            "valueQuantity":{"value":16,"system":"http://unitsofmeasure.org","code":"kPa"}}]}
        """,
        """
        {"resourceType":"Observation","id":"pound","status":"final","code":{"text":"Dose of a horse"},
          "valueQuantity":{"value":2,"system":"http://unitsofmeasure.org","code":"[lb_av]"}}
        """,
        """
        {"resourceType":"Observation","id":"fever","status":"final","code":{"text":"Temperature"},
          "valueQuantity":{"value":38.5,"system":"http://unitsofmeasure.org","code":"Cel"}}
        """,
        """
        {"resourceType":"Observation","id":"effect","status":"final","code":{"text":"Effect"},
          "valueQuantity":{"value":5,"system":"http://unitsofmeasure.org","code":"[IU]"}}
        """,
        """
        {"resourceType":"Observation","id":"count","status":"final","code":{"text":"Count"},
          "valueQuantity":{"value":5,"system":"http://unitsofmeasure.org","code":"1"}}
        """,
        """
        {"resourceType":"Observation","id":"rate","status":"final","code":{"text":"Rate"},
          "valueQuantity":{"value":72,"system":"http://unitsofmeasure.org","code":"{beats}/min"}}
        """,
        """{"resourceType":"Questionnaire","id":"qa","url":"http://acme.example/fhir/Questionnaire/a","status":"active"}""",
        """{"resourceType":"Questionnaire","id":"qb","url":"http://acme.example/fhir","status":"active"}""",
        """{"resourceType":"Questionnaire","id":"qc","url":"urn:oid:1.2.3","status":"active"}""",
        """
        {"resourceType":"List","id":"picked","status":"current","mode":"working",
          "entry":[{"item":{"reference":"Observation/mg"}},{"item":{"reference":"Patient/t2"}},{"item":{"reference":"Observation/rate"}}]}
        """,
        """
        {"resourceType":"CodeSystem","id":"cs","url":"urn:food","status":"active","content":"complete","hierarchyMeaning":"is-a","concept":[
          {"code":"fruit","concept":[{"code":"citrus","concept":[{"code":"lemon"}]},{"code":"apple"}]},{"code":"bread"}]}
        """,
        """
        {"resourceType":"ValueSet","id":"vs","url":"http://acme.example/fhir/ValueSet/sour","status":"active",
          "compose":{"include":[{"system":"urn:food","concept":[{"code":"lemon"},{"code":"bread"}]},{"system":"urn:whole"}]} }
        """,
        """{"resourceType":"Condition","id":"lemon","subject":{"reference":"Patient/t1"},"code":{"coding":[{"system":"urn:food","code":"lemon"}]} }""",
        """{"resourceType":"Condition","id":"citrus","subject":{"reference":"Patient/t1"},"code":{"coding":[{"system":"urn:food","code":"citrus"}]} }""",
        """{"resourceType":"Condition","id":"bread","subject":{"reference":"Patient/t2"},"code":{"coding":[{"system":"urn:food","code":"bread"}]} }""",
        """{"resourceType":"Condition","id":"whole","subject":{"reference":"Patient/t2"},"code":{"coding":[{"system":"urn:whole","code":"any"}]} }""",
        """{"resourceType":"Condition","id":"stranger","subject":{"reference":"Patient/t2"},"code":{"coding":[{"system":"urn:x","code":"lemon"}]} }""",
        """
        {"resourceType":"Practitioner","id":"d1","active":true,"gender":"female","birthDate":"1960-02-01",
          "name":[{"family":"Ångström","given":["Mary Ann"]}]}
        """,
        """{"resourceType":"Practitioner","id":"d2","active":false,"gender":"male","birthDate":"1970","name":[{"family":"Strom"},{"family":"Fluss"}]}""",
        """{"resourceType":"Practitioner","id":"d3","birthDate":"1980-12-31"}""",
        """
        {"resourceType":"Goal","id":"n1","lifecycleStatus":"active","description":{"text":"Walk daily"},"subject":{"reference":"Patient/t1"},
          "text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\"><p>Bone <b>metastases</b></p><p>Größe &lt; 5&#160;mm</p></div>"} }
        """,
        """
        {"resourceType":"Goal","id":"n2","lifecycleStatus":"active","description":{"text":"Bones"},"subject":{"reference":"Patient/t2"},
          "note":[{"text":"Nothing about the metastases"}],
          "text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">bone, liver</div>"} }
        """,
        """{"resourceType":"Goal","id":"n3","lifecycleStatus":"planned","description":{"text":"bone"},"subject":{"reference":"Patient/t2"} }""",
        """
        {"resourceType":"Encounter","id":"v1","status":"finished","class":{"code":"VR"},"subject":{"reference":"Patient/t1"},
          "participant":[{"individual":{"reference":"Practitioner/d1"}}],"period":{"start":"2024-01-10","end":"2024-01-12"}}
        """,
        """
        {"resourceType":"Encounter","id":"v2","status":"planned","class":{"code":"VR"},"subject":{"reference":"Patient/t2"},
          "participant":[{"individual":{"reference":"Practitioner/d2"}}],"period":{"start":"2024-01-12T08:00:00Z"}}
        """,
    ];

    private const string Lines = """
        Patient?identifier:of-type=urn:v2|MR|446\|3 -> t1
        Patient?identifier:of-type=urn:v2|MR|999 -> t2
        Patient?identifier:of-type=urn:v2|SS|999 -> t1
        Patient?identifier:of-type=|local|446\|3 -> t1
        Patient?identifier:of-type=urn:v2|MR|446\|3,urn:v2|MR|999 -> t1 t2
        Patient?identifier:of-type=urn:v2|MR|446 ->
        Patient?identifier:of-type=urn:a|MR|446\|3 ->
        Patient?identifier:text=record -> t1
        Patient?identifier:text=number ->
        Patient?organization:text=WARD ZURICH -> t1
        Patient?general-practitioner:text=dr. -> t2
        Observation?code:text=dos -> mg gram pound
        Observation?code:text=the dose -> mg
        Observation?code:text=dose giv,dosis -> mg gram
        Observation?subject:text=ms -> mg
        Observation?patient.identifier:text=rec -> mg
        Observation?value-quantity=500|http://unitsofmeasure.org|mg -> mg gram
        Observation?value-quantity=0.5|http://unitsofmeasure.org|g -> mg gram
        Observation?value-quantity=500|http://unitsofmeasure.org|g ->
        Observation?value-quantity=0.0005|http://unitsofmeasure.org|kg -> mg gram
        Observation?value-quantity=gt500|http://unitsofmeasure.org|mg -> pound
        Observation?value-quantity=ge500|http://unitsofmeasure.org|mg -> mg gram pound
        Observation?value-quantity=lt1|http://unitsofmeasure.org|[lb_av] -> mg gram
        Observation?value-quantity=ne500|http://unitsofmeasure.org|mg -> pound
        Observation?value-quantity=907|http://unitsofmeasure.org|g -> pound
        Observation?value-quantity=ap900|http://unitsofmeasure.org|g -> pound
        Observation?value-quantity=500||mg -> mg
        Observation?value-quantity=500||milligrams -> mg
        Observation?value-quantity=500 -> mg
        Observation?value-quantity=101.3|http://unitsofmeasure.org|[degF] -> fever
        Observation?value-quantity=gt311|http://unitsofmeasure.org|K -> fever
        Observation?value-quantity=5|http://unitsofmeasure.org|1 -> count
        Observation?value-quantity=500|http://unitsofmeasure.org|% -> count
        Observation?value-quantity=5|http://unitsofmeasure.org|[IU] -> effect
        Observation?value-quantity=72|http://unitsofmeasure.org|/min -> rate
        Observation?value-quantity=1.2|http://unitsofmeasure.org|/s -> rate
        Observation?value-quantity=ge1.2|http://unitsofmeasure.org|Hz -> rate
        Observation?value-quantity=72|http://unitsofmeasure.org|nonsense ->
        Observation?component-value-quantity=120|http://unitsofmeasure.org|mm[Hg] -> gram
        Observation?component-code-value-quantity=part$120|http://unitsofmeasure.org|mm[Hg] -> gram
        Observation?component-code-value-quantity=dose$120|http://unitsofmeasure.org|mm[Hg] ->
        Questionnaire?url:below=http://acme.example/fhir -> qa qb
        Questionnaire?url:below=http://acme.example/fhir/ -> qa
        Questionnaire?url:below=urn:oid:1.2 -> qc
        Questionnaire?url:above=http://acme.example/fhir/Questionnaire/a/_history/5 -> qa qb
        Questionnaire?url:above=http://acme.example/fhir -> qb
        Questionnaire?url:above=urn:oid:1.2.3.4 -> qc
        Questionnaire?url:above=http://acme.example/fhirs ->
        Observation?_list=picked -> mg rate
        Observation?_list=picked&value-quantity=72 -> rate
        Patient?_list=picked,none -> t2
        Patient?_list=none ->
        ?_list=picked -> mg rate t2
        Condition?code:in=http://acme.example/fhir/ValueSet/sour -> lemon bread whole
        Condition?code:in=ValueSet/vs -> lemon bread whole
        Condition?code:not-in=ValueSet/vs -> citrus stranger
        Condition?code:below=urn:food|fruit -> lemon citrus
        Condition?code:below=urn:food|citrus,urn:food|bread -> lemon citrus bread
        Condition?code:above=urn:food|lemon -> lemon citrus
        Patient?_has:Condition:patient:code:below=urn:food|fruit -> t1
        Patient?_has:Condition:patient:code:in=ValueSet/vs -> t1 t2
        Practitioner?gender:in=http://hl7.org/fhir/ValueSet/administrative-gender -> d1 d2
        Practitioner?gender:not-in=http://hl7.org/fhir/ValueSet/administrative-gender -> d3
        Practitioner?_filter=family eq "angstrom" -> d1
        Practitioner?_filter=family eq ang ->
        Practitioner?_filter=family sw "ång" -> d1
        Practitioner?_filter=family co STR -> d1 d2
        Practitioner?_filter=family ew STROM -> d1 d2
        Practitioner?_filter=family ew "ngström" -> d1
        Practitioner?_filter=family ne strom -> d1 d2
        Practitioner?_filter=given eq "mary ann" -> d1
        Practitioner?_filter=given pr false -> d2 d3
        Practitioner?_filter=family pr true -> d1 d2
        Practitioner?_filter=gender eq male -> d2
        Practitioner?_filter=gender ne male -> d1
        Practitioner?_filter=not (gender eq male) -> d1 d3
        Practitioner?_filter=gender eq http://hl7.org/fhir/administrative-gender|female -> d1
        Practitioner?_filter=active eq true or active eq false -> d1 d2
        Practitioner?_filter=active eq true and gender eq female -> d1
        Practitioner?_filter=active eq false or active eq true and gender eq female -> d1
        Practitioner?_filter=active eq false or (active eq true and gender eq female) -> d1 d2
        Practitioner?_filter=not(gender pr true) and _id eq d3 -> d3
        Practitioner?_filter=_id ne d3 -> d1 d2
        Practitioner?_filter=gender in http://hl7.org/fhir/ValueSet/administrative-gender -> d1 d2
        Condition?_filter=code ss urn:food|fruit -> lemon citrus
        Condition?_filter=code sb urn:food|lemon -> lemon citrus
        Condition?_filter=code in ValueSet/vs and patient eq t2 -> bread whole
        Encounter?_filter=date po 2024-01-12 -> v1 v2
        Encounter?_filter=date ge 2024-01-12 -> v2
        Encounter?_filter=date sa 2024-01-11 -> v2
        Encounter?_filter=date ap 2024-01-11T00:00:00Z -> v1 v2
        Encounter?_filter=participant:Practitioner.family ew strom -> v1 v2
        Encounter?_filter=participant[active eq true].family ew strom -> v1
        Encounter?_filter=participant[active eq true] pr true -> v1
        Encounter?_filter=participant[active eq true] pr false -> v2
        Encounter?_filter=subject.organization.partof.name eq middle -> v1
        Encounter?_filter=subject re Patient/t1 -> v1
        Encounter?_filter=subject ne Patient/t1 -> v2
        Encounter?_filter=status eq planned and not (subject eq t1) -> v2
        Observation?_filter=value-quantity eq 500|http://unitsofmeasure.org|mg -> mg gram
        Observation?_filter=value-quantity gt 500 ->
        Observation?_filter=value-quantity ge 500 -> mg
        Observation?_filter=code eq urn:c|dose and value-quantity lt 1 -> gram
        Questionnaire?_filter=url eq http://acme.example/fhir -> qb
        Questionnaire?_filter=url ne http://acme.example/fhir -> qa qc
        Questionnaire?_filter=url sw http://acme -> qa qb
        Questionnaire?_filter=url sb http://acme.example/fhir/x -> qb
        Goal?_text=bone -> n1 n2
        Goal?_text=BONE metastases -> n1
        Goal?_text=metastases bone -> n1
        Goal?_text=bon ->
        Goal?_text=bon* -> n1 n2
        Goal?_text=liv*,grosse -> n1 n2
        Goal?_text=GRÖßE -> n1
        Goal?_text=p ->
        Goal?_text=mm -> n1
        Goal?_text=bone\, liver -> n2
        Goal?_text=walk ->
        Goal?_text=' OR 1=1 ->
        Goal?_text=")( ->
        Goal?_content=metastases -> n1 n2
        Goal?_content=bone -> n1 n2 n3
        Goal?_content=planned -> n3
        Goal?_content=bone planned -> n3
        Goal?_content=bon* nothing -> n2
        Goal?_text=bone&lifecycle-status=active&subject=Patient/t2 -> n2
        Patient?_has:Goal:subject:_text=liver -> t2
        ?_text=metastases -> n1
        ?_content=nothing -> n2
        ?_filter=_id eq d1 or _id eq v1 -> d1 v1
        ?_filter=_id eq d1 and _lastUpdated ge 2000 -> d1
        """;

    public static TheoryData<DatabaseProvider, string> Cases { get; } = new(
        from provider in (DatabaseProvider[])[DatabaseProvider.Sqlite, DatabaseProvider.PostgreSql]
        from line in Lines.Split('\n', StringSplitOptions.TrimEntries)
        select new TheoryDataRow<DatabaseProvider, string>(provider, line));

    [Theory, MemberData(nameof(Cases))]
    public async Task Finds_what_the_specification_says(DatabaseProvider provider, string line)
    {
        var arrow = line.LastIndexOf(" ->", StringComparison.Ordinal);
        var (search, expected) = (line[..arrow], line[(arrow + 3)..].Split(' ', StringSplitOptions.RemoveEmptyEntries));
        var store = await fixture.StoreAsync(provider);

        var page = await store.SearchAsync(search);
        var sorted = search[0] == '?' ? page : await store.SearchAsync(search + "&_sort=_id");

        Assert.Equal(expected.Order(StringComparer.Ordinal), page.Matches.Select(match => match.Key.Id).Order(StringComparer.Ordinal));
        Assert.Equal(expected.Order(StringComparer.Ordinal), sorted.Matches.Select(match => match.Key.Id).Order(StringComparer.Ordinal));
        Assert.Equal(expected.Length, page.Total);
    }

    [Theory]
    [InlineData("Patient?identifier:of-type=MR|446")]
    [InlineData("Patient?identifier:of-type=urn:v2||446")]
    [InlineData("Patient?identifier:of-type=urn:v2|MR|")]
    [InlineData("Patient?gender:of-type=a|b|c")]
    [InlineData("Patient?gender:text=male")]
    [InlineData("Patient?_id:text=t1")]
    [InlineData("Patient?birthdate:below=2020")]
    [InlineData("Patient?_list=$current-problems")]
    [InlineData("Patient?identifier:in=http://vs")]
    [InlineData("Condition?code:below=fruit")]
    [InlineData("Condition?code:in=a,b,c,d,e,f,g,h,i,j,k")]
    [InlineData("Practitioner?_filter=gender")]
    [InlineData("Practitioner?_filter=gender eq")]
    [InlineData("Practitioner?_filter=gender is male")]
    [InlineData("Practitioner?_filter=(gender eq male")]
    [InlineData("Practitioner?_filter=gender eq male)")]
    [InlineData("Practitioner?_filter=gender eq male and")]
    [InlineData("Practitioner?_filter=gender eq \"male")]
    [InlineData("Practitioner?_filter=gender co male")]
    [InlineData("Practitioner?_filter=gender pr maybe")]
    [InlineData("Practitioner?_filter=nothing eq 1")]
    [InlineData("Practitioner?_filter=birthdate eq yesterday")]
    [InlineData("Practitioner?_filter=gender.family eq x")]
    [InlineData("Encounter?_filter=participant[active eq true] eq x")]
    [InlineData("Encounter?_filter=subject:Nothing.family eq x")]
    [InlineData("?_filter=gender eq male")]
    [InlineData("Patient?_filter:not=gender eq male")]
    [InlineData("Patient?_include=Patient")]
    [InlineData("Patient?_include=Patient:nothing")]
    [InlineData("Patient?_include=Nothing:*")]
    [InlineData("Patient?_include:sometimes=*")]
    public async Task Refuses_what_no_search_can_mean(string search)
    {
        var store = await fixture.StoreAsync(DatabaseProvider.Sqlite);
        Assert.Equal(400, (int)Assert.Throws<FhirException>(() => store.Parse(search)).Status);
    }

    [Theory]
    [InlineData("Condition?code:in=http://acme.example/fhir/ValueSet/none")]
    [InlineData("Condition?code:below=urn:none|x")]
    [InlineData("Condition?_filter=code in http://acme.example/fhir/ValueSet/none")]
    public async Task Refuses_terminology_that_is_not_there(string search)
    {
        var store = await fixture.StoreAsync(DatabaseProvider.Sqlite);
        Assert.Equal(400, (int)(await Assert.ThrowsAsync<FhirException>(() => store.SearchAsync(search))).Status);
    }

    [Fact]
    public async Task A_filter_may_not_nest_without_end()
    {
        var store = await fixture.StoreAsync(DatabaseProvider.Sqlite);
        Assert.Throws<FhirException>(() => store.Parse($"Patient?_filter={new string('(', 5000)}active eq true{new string(')', 5000)}"));
        Assert.Throws<FhirException>(() => store.Parse($"Patient?_filter={string.Join(" or ", Enumerable.Repeat("active eq true", 300))}"));
    }

    [Theory]
    [InlineData("Observation?_id=mg&_include=*", "t1")]
    [InlineData("Observation?_id=mg&_include=Observation:*", "t1")]
    [InlineData("Observation?_id=mg&_include=Patient:*", "")]
    [InlineData("Observation?_id=mg&_include=Observation:*:Group", "")]
    [InlineData("Observation?_id=mg&_include=Observation:subject&_include=Patient:organization", "t1")]
    [InlineData("Observation?_id=mg&_include=Observation:subject&_include:iterate=Patient:organization", "lower t1")]
    [InlineData("Observation?_id=mg&_include=Observation:subject&_include:iterate=Patient:organization&_include:iterate=Organization:partof", "lower middle t1 top")]
    [InlineData("Observation?_id=mg&_include:iterate=*", "lower middle t1 top")]
    [InlineData("Organization?_id=lower&_include:recurse=Organization:partof", "middle top")]
    [InlineData("Organization?_id=lower&_include=Organization:partof", "middle")]
    [InlineData("Organization?_id=top&_revinclude=*", "middle")]
    [InlineData("Organization?_id=top&_revinclude=Patient:*", "")]
    [InlineData("Organization?_id=lower&_revinclude=*", "t1")]
    [InlineData("Organization?_id=top&_revinclude:iterate=Organization:partof", "lower middle")]
    [InlineData("Organization?_id=top&_revinclude:iterate=*", "citrus lemon lower mg middle n1 picked t1 v1")]
    [InlineData("Patient?_id=t2&_revinclude=*", "bread gram n2 n3 picked stranger v2 whole")]
    [InlineData("Patient?_id=t2&_revinclude=Observation:*", "gram")]
    public async Task Includes_what_is_asked_for(string search, string expected)
    {
        foreach (var provider in (DatabaseProvider[])[DatabaseProvider.Sqlite, DatabaseProvider.PostgreSql])
        {
            var page = await (await fixture.StoreAsync(provider)).SearchAsync(search);
            Assert.Single(page.Matches);
            Assert.Equal(expected, string.Join(' ', page.Included.Select(one => one.Key.Id).Order(StringComparer.Ordinal)));
        }
    }

    /// <summary>One store for each database, filled when a test first asks; tests only read from it.</summary>
    public sealed class Fixture : FilledStores
    {
        protected override Task<TestStore> FillAsync(DatabaseProvider provider) =>
            WithAsync(provider, _resources);
    }
}
