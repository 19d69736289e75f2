using Hl7.Fhir.Model;
using TeleFhir.Domain.Access;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Search;
using TeleFhir.Domain.Subscriptions;

namespace TeleFhir.Domain.Tests.Subscriptions;

/// <summary>What can be asked for in a Subscription, and what is refused.</summary>
public sealed class SubscriptionRulesTests
{
    private const string Topic = "https://telefhir.dev/fhir/SubscriptionTopic/appointment-cancelled";
    private const string Secret = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";

    private static readonly Canonicals _canonicals = new(Canonicals.Default);
    private static readonly Caller _ehr = Caller.Client("ehr") with { Scopes = SmartScope.ParseAll("system/*.cruds") };

    private readonly SubscriptionSettings _settings = new(_canonicals, "https://fhir.example.org/r4") { AllowedCallbacks = ["http://127.0.0.1:8123/hooks"], SendsMail = true };

    private SubscriptionRules Rules => new(_settings, new SearchQueryParser(SearchParameterCatalog.R4, new SearchLimits(), "https://fhir.example.org/r4", TimeProvider.System));

    [Fact]
    public void The_example_of_the_design_is_understood()
    {
        var sent = Subscription();
        sent.CriteriaElement!.AddExtension(SubscriptionRules.Guide + "backport-filter-criteria", new FhirString("Appointment?practitioner=Practitioner/d1"));
        sent.Channel!.AddExtension(SubscriptionRules.Guide + "backport-heartbeat-period", new UnsignedInt(3600));
        sent.Channel.AddExtension(SubscriptionRules.Guide + "backport-max-count", new PositiveInt(20));
        sent.Channel.AddExtension(SubscriptionRules.Guide + "backport-timeout", new UnsignedInt(5));
        sent.Channel.Payload = "application/fhir+json";

        var plan = Rules.Judge(sent, null).Value!;

        Assert.Equal(("appointment-cancelled", "Appointment", "practitioner=Practitioner/d1"), (plan.Topic, plan.Type, plan.Filter));
        Assert.Equal((PayloadContent.IdOnly, 3600, 5, 20, "https://ehr.example/hook"), (plan.Content, plan.Heartbeat, plan.Timeout, plan.MaxCount, plan.Endpoint));
        Assert.Equal(plan.Write(), SubscriptionPlan.Read(plan.Write()).Write());
        Assert.Equal(PayloadContent.Empty, SubscriptionPlan.Read(Rules.Judge(WithContent("empty"), null).Value!.Write()).Content);
    }

    [Fact]
    public void Criteria_of_plain_R4_are_a_search()
    {
        var sent = Subscription();
        sent.Criteria = "Observation?patient=Patient/1&code=http://loinc.org|85354-9";

        var plan = Rules.Judge(sent, null).Value!;

        Assert.Equal((null, "Observation", "patient=Patient/1&code=http://loinc.org|85354-9"), (plan.Topic, plan.Type, plan.Filter));
    }

    [Theory]
    [InlineData("https://telefhir.dev/fhir/SubscriptionTopic/no-such", "topic-unknown")]
    [InlineData("https://elsewhere.example.org/SubscriptionTopic/appointment-booked", "topic-unknown")]
    [InlineData("", "topic-unknown")]
    [InlineData("Nothing?x=1", "topic-unknown")]
    [InlineData("AuditEvent?patient=Patient/1", "topic-unknown")]
    [InlineData("Observation?no-such=1", "filter-invalid")]
    [InlineData("Observation?patient.name=x", "filter-invalid")]
    [InlineData("Observation?_has:Provenance:target:recorded=2020", "filter-invalid")]
    [InlineData("Observation?_text=x", "filter-invalid")]
    [InlineData("Observation?_list=1", "filter-invalid")]
    [InlineData("Observation?code:in=http://example.org/vs", "filter-invalid")]
    [InlineData("Observation?_filter=code eq 1 and subject.name eq x", "filter-invalid")]
    [InlineData("Observation?date=someday", "filter-invalid")]
    [InlineData("Observation?_count=1", "filter-invalid")]
    [InlineData("Observation?_sort=date", "filter-invalid")]
    [InlineData("Observation?_include=*", "filter-invalid")]
    [InlineData("Observation?code", "filter-invalid")]
    [InlineData("Observation?&", "filter-invalid")]
    public void Criteria_that_cannot_be_judged_are_refused(string criteria, string code)
    {
        var sent = Subscription();
        sent.Criteria = criteria;

        Refused(code, sent);
    }

    [Theory]
    [InlineData("Observation?code=1")]
    [InlineData("Appointment?no-such=1")]
    [InlineData("practitioner=1")]
    public void A_filter_is_a_search_of_the_focus_of_the_topic(string filter)
    {
        var sent = Subscription();
        sent.CriteriaElement!.AddExtension(SubscriptionRules.Guide + "backport-filter-criteria", new FhirString(filter));

        Refused("filter-invalid", sent);
    }

    [Theory]
    [InlineData("https://ehr.example.org/hook", true)]
    [InlineData("https://8.8.8.8/hook", true)]
    [InlineData("https://[2606:4700::1111]/hook", true)]
    [InlineData("http://127.0.0.1:8123/hooks/a", true)]
    [InlineData("http://127.0.0.1:8123/other", false)]
    [InlineData("http://127.0.0.1:8124/hooks", false)]
    [InlineData("http://ehr.example.org/hook", false)]
    [InlineData("ftp://ehr.example.org/hook", false)]
    [InlineData("/hook", false)]
    [InlineData("hook", false)]
    [InlineData("https:///hook", false)]
    [InlineData("https://127.0.0.1/", false)]
    [InlineData("https://127.1/", false)]
    [InlineData("https://2130706433/", false)]
    [InlineData("https://0x7f000001/", false)]
    [InlineData("https://0177.0.0.1/", false)]
    [InlineData("https://0/", false)]
    [InlineData("https://10.1.2.3/", false)]
    [InlineData("https://172.20.0.1/", false)]
    [InlineData("https://192.168.1.1/", false)]
    [InlineData("https://169.254.169.254/latest/meta-data", false)]
    [InlineData("https://100.64.0.1/", false)]
    [InlineData("https://[::1]/", false)]
    [InlineData("https://[::]/", false)]
    [InlineData("https://[::ffff:127.0.0.1]/", false)]
    [InlineData("https://[::ffff:7f00:1]/", false)]
    [InlineData("https://[fe80::1]/", false)]
    [InlineData("https://[fd00::1]/", false)]
    [InlineData("https://[64:ff9b::7f00:1]/", false)]
    [InlineData("https://[2002:7f00:1::]/", false)]
    [InlineData("https://localhost/", false)]
    [InlineData("https://LOCALHOST./", false)]
    [InlineData("https://a.localhost/", false)]
    [InlineData("https://metadata.google.internal/", false)]
    [InlineData("https://printer.local/", false)]
    [InlineData("https://intranet/", false)]
    [InlineData("https://user:secret@ehr.example.org/", false)]
    [InlineData("https://ehr.example.org/#x", false)]
    [InlineData("https://１２７.0.0.1/", false)]
    public void An_endpoint_is_public_and_https_or_the_operator_vouches_for_it(string endpoint, bool isAllowed)
    {
        var sent = Subscription();
        sent.Channel!.Endpoint = endpoint;

        var judged = Rules.Judge(sent, null);

        Assert.Equal(isAllowed, judged.IsAllowed);
        Assert.Equal(isAllowed ? null : "endpoint-forbidden", judged.Refusal?.Code);
    }

    [Fact]
    public void Channels_payloads_and_numbers_that_cannot_be_honoured_are_refused()
    {
        Refused("channel-unsupported", With(one => one.Channel!.Type = Hl7.Fhir.Model.Subscription.SubscriptionChannelType.Sms));
        Refused("channel-unsupported", With(one => one.Channel!.Type = Hl7.Fhir.Model.Subscription.SubscriptionChannelType.Message));
        Refused("channel-unsupported", With(one => one.Channel = null!));
        Refused("endpoint-forbidden", With(one => one.Channel!.Type = Hl7.Fhir.Model.Subscription.SubscriptionChannelType.Websocket));
        Refused("endpoint-forbidden", With(one => (one.Channel!.Type, one.Channel.Endpoint) = (Hl7.Fhir.Model.Subscription.SubscriptionChannelType.Email, "mailto:a@example.org,b@example.org")));
        Refused("payload-unsupported", With(one => one.Channel!.Payload = "text/plain"));
        Refused("payload-unsupported", WithContent("everything"));
        Refused("heartbeat-too-short", WithNumber("backport-heartbeat-period", new UnsignedInt(9)));
        Refused("timeout-unsupported", WithNumber("backport-timeout", new UnsignedInt(31)));
        Refused("max-count-unsupported", WithNumber("backport-max-count", new PositiveInt(0)));
        Refused("header-invalid", With(one => one.Channel!.Header = ["no colon"]));
        Refused("header-invalid", With(one => one.Channel!.Header = ["X-A: b\r\nX-C: d"]));
        Refused("header-invalid", With(one => one.Channel!.Header = ["Host: inside"]));
        Refused("header-invalid", With(one => one.Channel!.Header = ["webhook-signature: v1,x"]));
        Refused("secret-invalid", With(one => one.Channel!.AddExtension(SubscriptionSecrets.SecretUrl(_canonicals), new FhirString("short"))));
        var mail = With(one => (one.Channel!.Type, one.Channel.Endpoint) = (Hl7.Fhir.Model.Subscription.SubscriptionChannelType.Email, "mailto:a@example.org"));
        Assert.True(Rules.Judge(mail, null).IsAllowed);
        mail.Channel!.Payload = "application/fhir+json";
        mail.Channel.PayloadElement!.AddExtension(SubscriptionRules.Guide + "backport-payload-content", new Code("full-resource"));
        Refused("payload-unsupported", mail);
    }

    [Theory]
    [InlineData(Hl7.Fhir.Model.Subscription.SubscriptionStatus.Requested, true)]
    [InlineData(Hl7.Fhir.Model.Subscription.SubscriptionStatus.Off, true)]
    [InlineData(Hl7.Fhir.Model.Subscription.SubscriptionStatus.Active, false)]
    [InlineData(Hl7.Fhir.Model.Subscription.SubscriptionStatus.Error, false)]
    public void Clients_ask_and_the_server_answers(Hl7.Fhir.Model.Subscription.SubscriptionStatus status, bool isAllowed)
    {
        var sent = With(one => one.Status = status);

        var decided = SubscriptionWrite.Decide(_ehr, null, null, sent, Rules, _canonicals);

        Assert.Equal(isAllowed, decided.IsAllowed);
        Assert.Equal(isAllowed ? null : "status-is-the-servers", decided.Refusal?.Code);
    }

    [Fact]
    public void What_is_active_stays_so_while_nothing_of_what_goes_out_changes()
    {
        var before = With(one => one.Status = Hl7.Fhir.Model.Subscription.SubscriptionStatus.Active);
        var kept = Rules.Judge(before, null).Value;
        var sent = With(one => (one.Status, one.Reason, one.End) = (before.Status, "Another.", DateTimeOffset.UnixEpoch));

        var decided = SubscriptionWrite.Decide(_ehr, before, kept, sent, Rules, _canonicals).Value!;
        Assert.False(decided.IsRequested);
        Assert.Equal(DateTimeOffset.UnixEpoch, decided.Plan.End);

        sent.Channel!.Endpoint = "https://elsewhere.example.org/";
        Assert.Equal("status-is-the-servers", SubscriptionWrite.Decide(_ehr, before, kept, sent, Rules, _canonicals).Refusal!.Code);
    }

    [Fact]
    public void Secrets_are_kept_apart_and_a_mask_means_what_is_kept()
    {
        var sent = With(one => one.Channel!.Header = ["Authorization: Bearer tell-nobody", "X-Site: 7"]);
        sent.Channel!.AddExtension(SubscriptionSecrets.SecretUrl(_canonicals), new FhirString(Secret));

        var first = SubscriptionWrite.Decide(_ehr, null, null, sent, Rules, _canonicals).Value!;

        Assert.Equal(["Authorization: Bearer tell-nobody", "X-Site: 7"], first.Plan.Headers);
        Assert.Equal(Secret, first.Plan.Secret);
        var stored = System.Text.Encoding.UTF8.GetString(FhirJson.Serialize(first.Resource));
        Assert.DoesNotContain("tell-nobody", stored, StringComparison.Ordinal);
        Assert.DoesNotContain("whsec", stored, StringComparison.Ordinal);
        Assert.Equal(["Authorization: ***", "X-Site: ***"], first.Resource.Channel!.Header);

        var again = SubscriptionWrite.Decide(_ehr, first.Resource, first.Plan, (Subscription)first.Resource.DeepCopy(), Rules, _canonicals).Value!;
        Assert.Equal(first.Plan.Write(), again.Plan.Write());
    }

    [Fact]
    public void A_patients_is_marked_and_the_mark_cannot_be_chosen()
    {
        var amy = Caller.User("u-amy", "app") with { FhirUser = new ResourceKey("Patient", "amy"), Patient = "amy", Scopes = SmartScope.ParseAll("patient/*.cruds") };
        var sent = With(one => one.Meta = new Meta { Tag = [new Coding(SubscriptionOwner.TagSystem(_canonicals), "ben"), new Coding("urn:a", "b")] });

        var hers = SubscriptionWrite.Decide(amy, null, null, sent, Rules, _canonicals).Value!.Resource;
        Assert.Equal("amy", SubscriptionOwner.PatientIn(hers.Meta, _canonicals));
        Assert.Equal(2, hers.Meta!.Tag.Count);
        Assert.Null(SubscriptionOwner.PatientIn(SubscriptionWrite.Decide(_ehr, null, null, sent, Rules, _canonicals).Value!.Resource.Meta, _canonicals));
    }

    private void Refused(string code, Subscription sent) => Assert.Equal(code, Rules.Judge(sent, null).Refusal?.Code);

    private static Subscription WithContent(string code) => With(one =>
    {
        one.Channel!.Payload = "application/fhir+json";
        one.Channel.PayloadElement!.AddExtension(SubscriptionRules.Guide + "backport-payload-content", new Code(code));
    });

    private static Subscription WithNumber(string name, DataType value) => With(one => one.Channel!.AddExtension(SubscriptionRules.Guide + name, value));

    private static Subscription With(Action<Subscription> change)
    {
        var subscription = Subscription();
        change(subscription);
        return subscription;
    }

    private static Subscription Subscription() => new()
    {
        Status = Hl7.Fhir.Model.Subscription.SubscriptionStatus.Requested,
        Reason = "EHR sync",
        Criteria = Topic,
        Channel = new() { Type = Hl7.Fhir.Model.Subscription.SubscriptionChannelType.RestHook, Endpoint = "https://ehr.example/hook" },
    };
}
