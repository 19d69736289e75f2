namespace TeleFhir.Api.Tests.Smart.Leaks;

/// <summary>Every way to ask, at least one for each route.</summary>
internal static class LeakProbes
{
    private const string Read = "GET /fhir/{type}/{id}";
    private const string Version = "GET /fhir/{type}/{id}/_history/{vid}";
    private const string Search = "GET /fhir/{type}";
    private const string Create = "POST /fhir/{type}";
    private const string Gender = "http://hl7.org/fhir/ValueSet/administrative-gender";
    private const string Reason = """{"resourceType":"Parameters","parameter":[{"name":"reason","valueString":"unconscious in the waiting room"}]}""";

    private const string Nothing = """{"resourceType":"Parameters"}""";
    private const string Tag = """{"resourceType":"Parameters","parameter":[{"name":"meta","valueMeta":{"tag":[{"system":"urn:x","code":"new"}]}}]}""";
    private const string Booking = """{"resourceType":"Parameters","parameter":[{"name":"appointment-reference","valueReference":{"reference":"Appointment/{x}-app"}}]}""";
    private const string Move = """{"resourceType":"Parameters","parameter":[{"name":"slot","valueReference":{"reference":"Slot/nobodys"}}]}""";
    private const string Reading = """
        {"resourceType":"Bundle","type":"collection","entry":[{"resource":{"resourceType":"Observation","status":"final","code":{"text":"pulse"},"subject":{"reference":"Patient/{x}-pat"},
         "effectiveDateTime":"2026-01-01T00:00:00Z","device":{"reference":"Device/none"},"valueInteger":1}}]}
        """;

    private const string Patch = """
        {"resourceType":"Parameters","parameter":[{"name":"operation","part":[{"name":"type","valueCode":"replace"},{"name":"path","valueString":"Observation.status"},{"name":"value","valueCode":"amended"}]}]}
        """;

    /// <summary>Resources that probes change.</summary>
    public static string[] Changed { get; } = ["put", "move", "match", "del", "delmatch", "condput", "condmany", "conddel", "patch", "condpatch"];

    public static IReadOnlyList<LeakProbe> All { get; } =
    [
        new("read", Read, "/Observation/{x}-obs"),
        new("read a patient", Read, "/Patient/{x}-pat"),
        new("read by the version that it has", Read, "/Patient/{x}-pat") { Headers = ["If-None-Match: W/\"1\""], Status = 304, Shows = false },
        new("read if it changed", Read, "/Patient/{x}-pat") { Headers = ["If-Modified-Since: Fri, 01 Jan 2100 00:00:00 GMT"], Status = 304, Shows = false, InBundles = false },
        new("read if it is another version", Read, "/Patient/{x}-pat") { Headers = ["If-Match: W/\"9\""], Status = 412, Shows = false },
        new("read what was deleted", Read, "/Observation/{x}-gone") { Status = 410, Shows = false },
        new("read a part", Read, "/Patient/{x}-pat?_elements=name"),
        new("head", "HEAD /fhir/{type}/{id}", "/Observation/{x}-obs") { Shows = false },
        new("read a version", Version, "/Observation/{x}-obs/_history/1"),
        new("read a deleted version", Version, "/Observation/{x}-gone/_history/2") { Status = 410, Shows = false },
        new("read a version before the deletion", Version, "/Observation/{x}-gone/_history/1"),
        new("head of a version", "HEAD /fhir/{type}/{id}/_history/{vid}", "/Observation/{x}-obs/_history/1") { Shows = false },
        new("history", "GET /fhir/{type}/{id}/_history", "/Observation/{x}-obs/_history"),
        new("history counted", "GET /fhir/{type}/{id}/_history", "/Observation/{x}-obs/_history?_summary=count") { Shows = false },
        new("history since tomorrow", "GET /fhir/{type}/{id}/_history", "/Observation/{x}-obs/_history?_since=2100-01-01") { Shows = false },
        new("history of what was deleted", "GET /fhir/{type}/{id}/_history", "/Observation/{x}-gone/_history"),
        new("head of a history", "HEAD /fhir/{type}/{id}/_history", "/Observation/{x}-obs/_history") { Shows = false },
        new("history of the type", "GET /fhir/{type}/_history", "/Observation/_history?_count=1000"),
        new("history of the type, counted", "GET /fhir/{type}/_history", "/Encounter/_history?_summary=count") { Shows = false },
        new("head of the history of the type", "HEAD /fhir/{type}/_history", "/Observation/_history") { Shows = false },
        new("history of everything", "GET /fhir/_history", "/_history?_count=1000&_sort=_lastUpdated"),
        new("head of the history of everything", "HEAD /fhir/_history", "/_history") { Shows = false },

        new("update with content of its patient", "PUT /fhir/{type}/{id}", "/Observation/{x}-move-{n}")
            { Body = Observation("{x}-move-{n}", "{x}-pat"), Shows = false, Target = "/Observation/hid-move-{n}" },
        new("update of a version", "PUT /fhir/{type}/{id}", "/Observation/{x}-match-{n}")
            { Body = Observation("{x}-match-{n}", "{me}"), Headers = ["If-Match: W/\"1\""], Shows = false, Target = "/Observation/hid-match-{n}" },
        new("delete", "DELETE /fhir/{type}/{id}", "/Observation/{x}-del-{n}") { Status = 204, Shows = false, Target = "/Observation/hid-del-{n}" },
        new("delete of a version", "DELETE /fhir/{type}/{id}", "/Observation/{x}-delmatch-{n}")
            { Headers = ["If-Match: W/\"1\""], Status = 204, Shows = false, Target = "/Observation/hid-delmatch-{n}" },
        new("update what matches", "PUT /fhir/{type}", "/Observation?code={x}-condput-{n}")
            { Body = Observation(null, "{me}"), Shows = false, Target = "/Observation/hid-condput-{n}" },
        new("delete what matches", "DELETE /fhir/{type}", "/Observation?code={x}-conddel-{n}") { Status = 204, Shows = false, Target = "/Observation/hid-conddel-{n}" },
        new("delete all that matches", "DELETE /fhir/{type}", "/Observation?code={x}-condmany-{n}&_count=10")
            { Status = 204, Shows = false, Target = "/Observation/hid-condmany-{n}", InBundles = false },
        new("patch", "PATCH /fhir/{type}/{id}", "/Observation/{x}-patch-{n}") { Body = Patch, ShowsInBundles = false, Target = "/Observation/hid-patch-{n}" },
        new("patch what matches", "PATCH /fhir/{type}", "/Observation?code={x}-condpatch-{n}")
            { Body = Patch, ShowsInBundles = false, Target = "/Observation/hid-condpatch-{n}" },
        new("create unless it is there", Create, "/Observation") { Body = Observation(null, "{me}"), Headers = ["If-None-Exist: code={x}-code"], ShowsInBundles = false },
        new("create unless its patient is there", Create, "/Observation")
            { Body = Observation(null, "{me}"), Headers = ["If-None-Exist: subject:Patient.identifier={x}-mrn&code={x}-code"], ShowsInBundles = false },
        new("create for the patient", Create, "/Observation") { Body = Observation(null, "{x}-pat"), Status = 201, Shows = false },
        new("create that names it", Create, "/Observation") { Body = Observation(null, "{me}", ""","derivedFrom":[{"reference":"Observation/{x}-obs"}]"""), Status = 201, Shows = false },
        new("create with a conditional reference", Create, "/Observation")
            { Body = Observation(null, "{me}", ""","focus":[{"reference":"Patient?identifier=urn:x|{x}-mrn"}]"""), Status = 201, Shows = false },

        new("search by id", Search, "/Observation?_id={x}-obs"),
        new("search by code", Search, "/Observation?code={x}-code"),
        new("search by patient", Search, "/Observation?subject=Patient/{x}-pat&_count=1000"),
        new("search counted", Search, "/Observation?subject=Patient/{x}-pat&_summary=count") { Shows = false },
        new("search with no entries", Search, "/Observation?code={x}-code&_count=0") { Shows = false },
        new("search with an accurate total", Search, "/Observation?code={x}-code&_total=accurate"),
        new("search by what it is not", Search, "/Encounter?_id={x}-enc&class:not=AMB"),
        new("search through a chain", Search, "/Observation?subject:Patient.family={x}-family&_count=1000"),
        new("search through a chain from one's own", Search, "/Observation?derived-from:Observation.code={x}-code&_summary=count") { Shows = false },
        new("search of patients", Search, "/Patient?family={x}-family"),
        new("search by identifier", Search, "/Patient?identifier=urn:x|{x}-mrn"),
        new("search by what refers to it", Search, "/Patient?_has:Observation:subject:code={x}-code"),
        new("search of clinicians by their patients", Search, "/Practitioner?_has:Observation:performer:code={x}-code") { Shows = false },
        new("search of clinicians by a chain of patients", Search, "/Practitioner?_has:Observation:performer:subject:Patient.family={x}-family&_summary=count") { Shows = false },
        new("search of organizations by their patients", Search, "/Organization?_has:Patient:organization:family={x}-family") { Shows = false },
        new("search of organizations by what their patients have", Search, "/Organization?_has:Patient:organization:_has:Observation:subject:code={x}-code") { Shows = false },
        new("include from one's own", Search, "/Observation?_id={me}-{x}-link&_include=Observation:derived-from"),
        new("include again and again", Search, "/Observation?_id={me}-{x}-link&_include=Observation:derived-from&_include:iterate=Observation:subject"),
        new("include everything", Search, "/Observation?_id={me}-{x}-link&_include=*"),
        new("included by what refers to a clinician", Search, "/Practitioner?_id=doc&_revinclude=Observation:performer"),
        new("included by what refers to an organization", Search, "/Organization?_id=home&_revinclude=Patient:organization&_revinclude=Encounter:service-provider"),
        new("included by all that refers", Search, "/Organization?_id=home&_revinclude=*"),
        new("search of all there is", Search, "/Observation?_count=1000&_sort=-_lastUpdated"),
        new("head of a search", "HEAD /fhir/{type}", "/Observation?code={x}-code") { Shows = false },
        new("search with a form", "POST /fhir/{type}/_search", "/Observation/_search") { Body = "code={x}-code", InBundles = false },
        new("search by a filter", Search, "/Observation?_filter=code%20eq%20{x}-code%20and%20status%20eq%20final"),
        new("search by a filter's opposite", Search, "/Observation?_filter=not(code%20eq%20{x}-code)&_summary=count") { Shows = false },
        new("search by a filter through a reference", Search, "/Observation?_filter=subject%5Bfamily%20eq%20%22{x}-family%22%5D.identifier%20eq%20urn:x|{x}-mrn"),
        new("search by a filter on what refers to it", Search, "/Patient?_has:Observation:subject:_filter=code%20eq%20{x}-code"),
        new("search of a compartment", "GET /fhir/{compartment}/{owner}/{type:alpha}", "/Patient/{x}-pat/Observation?_count=1000"),
        new("search of a compartment, counted", "GET /fhir/{compartment}/{owner}/{type:alpha}", "/Patient/{x}-pat/Encounter?_summary=count") { Shows = false },
        new("search of an encounter's compartment", "GET /fhir/{compartment}/{owner}/{type:alpha}", "/Encounter/{x}-enc/Encounter?_summary=count") { Shows = false },
        new("search of a clinician's compartment", "GET /fhir/{compartment}/{owner}/{type:alpha}", "/Practitioner/doc/Observation?code={x}-code"),
        new("head of a compartment", "HEAD /fhir/{compartment}/{owner}/{type:alpha}", "/Patient/{x}-pat/Observation") { Shows = false },
        new("search of a compartment with a form", "POST /fhir/{compartment}/{owner}/{type:alpha}/_search", "/Patient/{x}-pat/Observation/_search")
            { Body = "code={x}-code", InBundles = false },
        new("search of a whole compartment", "GET /fhir/{compartment}/{owner}/*", "/Patient/{x}-pat/*?_type=Observation,Patient&_count=1000"),
        new("head of a whole compartment", "HEAD /fhir/{compartment}/{owner}/*", "/Patient/{x}-pat/*?_type=Observation") { Shows = false },
        new("search of a whole compartment with a form", "POST /fhir/{compartment}/{owner}/_search", "/Patient/{x}-pat/_search")
            { Body = "_type=Observation,Patient&_count=1000", InBundles = false },
        new("how far the indexes are", "GET /fhir/$reindex", "/$reindex") { Shows = false, InBundles = false },
        new("head of how far the indexes are", "HEAD /fhir/$reindex", "/$reindex") { Shows = false, InBundles = false },
        new("indexing anew", "POST /fhir/$reindex", "/$reindex") { Status = 202, Shows = false, InBundles = false, Control = "the server's own" },
        new("search of several types", "GET /fhir/", "?_type=Observation,Patient,Encounter&_id={x}-obs,{x}-pat,{x}-enc"),
        new("search of everything", "GET /fhir/", "?_count=1000&_type=Patient,Observation,Encounter"),
        new("head of a search of several types", "HEAD /fhir/", "?_type=Observation,Patient&_id={x}-obs") { Shows = false },
        new("search of several types with a form", "POST /fhir/_search", "/_search") { Body = "_type=Observation,Patient&_id={x}-obs", InBundles = false },
        new("search of the audit trail through a chain", Search, "/AuditEvent?entity:Patient.family={x}-family&_summary=count") { Shows = false },

        new("disclosures", "GET /fhir/{type:regex(^Patient$)}/{id}/$disclosures", "/Patient/{x}-pat/$disclosures?to=2000-01-01") { Shows = false, InBundles = false },
        new("disclosures with parameters", "POST /fhir/{type:regex(^Patient$)}/{id}/$disclosures", "/Patient/{x}-pat/$disclosures")
            { Body = """{"resourceType":"Parameters","parameter":[{"name":"to","valueDate":"2000-01-01"}]}""", Shows = false, InBundles = false },
        new("an emergency", "POST /fhir/{type:regex(^Patient$)}/{id}/$break-glass", "/Patient/{x}-pat/$break-glass")
            { Body = Reason, Shows = false, InBundles = false, Control = LeakHost.Doctor, Except = "a clinician of elsewhere" },
        new("the end of an emergency", "POST /fhir/{type:regex(^Patient$)}/{id}/$end-break-glass", "/Patient/{x}-pat/$end-break-glass")
            { Body = "", Shows = false, InBundles = false, Control = LeakHost.OtherDoctor, First = "an emergency" },

        new("check for deletion", "POST /fhir/{type}/{id}/$validate", "/Patient/{x}-pat/$validate?mode=delete") { Shows = false, InBundles = false },
        new("check as stored", "POST /fhir/{type}/{id}/$validate", "/Observation/{x}-obs/$validate") { Shows = false, InBundles = false },
        new("check what was deleted", "POST /fhir/{type}/{id}/$validate", "/Observation/{x}-gone/$validate") { Status = 410, Shows = false, InBundles = false },
        Everyone("an answer that comes later", "GET /fhir/_async/{request}", "/_async/nobodys") with { Status = 404 },
        Everyone("cancel what is answered later", "DELETE /fhir/_async/{request}", "/_async/nobodys") with { Status = 404 },
        Everyone("find times", "GET /fhir/{type:regex(^Appointment$)}/$find", "/Appointment/$find?start=2100-01-01&end=2100-01-02"),
        Everyone("find times by POST", "POST /fhir/{type:regex(^Appointment$)}/$find", "/Appointment/$find?start=2100-01-01&end=2100-01-02") with { Body = Nothing },
        new("find times for another", "GET /fhir/{type:regex(^Appointment$)}/$find", "/Appointment/$find?start=2100-01-01&end=2100-01-02&patient-reference={x}-pat")
            { Shows = false, InBundles = false, IsForEveryone = true, Except = "a scope for another type" },
        new("find times instead of another's", "GET /fhir/{type:regex(^Appointment$)}/$find", "/Appointment/$find?start=2100-01-01&end=2100-01-02&ignore-appointment={x}-app")
            { Status = 200, Shows = false, InBundles = false, IsForEveryone = true },
        new("hold", "POST /fhir/{type:regex(^Appointment$)}/$hold", "/Appointment/$hold") { Body = Booking, Status = 409, Shows = false, InBundles = false },
        new("hold by id", "POST /fhir/{type:regex(^Appointment$)}/{id}/$hold", "/Appointment/{x}-app/$hold") { Body = Nothing, Status = 409, Shows = false, InBundles = false },
        new("book", "POST /fhir/{type:regex(^Appointment$)}/$book", "/Appointment/$book") { Body = Booking, Status = 409, Shows = false, InBundles = false },
        new("book by id", "POST /fhir/{type:regex(^Appointment$)}/{id}/$book", "/Appointment/{x}-app/$book") { Body = Nothing, Status = 409, Shows = false, InBundles = false },
        new("cancel", "POST /fhir/{type:regex(^Appointment$)}/{id}/$cancel", "/Appointment/{x}-cancel/$cancel")
            { Body = Reason, InBundles = false, Target = "/Appointment/hid-cancel" },
        new("reschedule", "POST /fhir/{type:regex(^Appointment$)}/{id}/$reschedule", "/Appointment/{x}-app/$reschedule")
            { Body = Move, Headers = ["If-Match: W/\"1\""], Status = 422, Shows = false, InBundles = false, Target = "/Appointment/hid-app" },
        new("check in", "POST /fhir/{type:regex(^Appointment$)}/{id}/$check-in", "/Appointment/{x}-app/$check-in")
            { Body = Nothing, Status = 422, Shows = false, InBundles = false, Target = "/Appointment/hid-app" },
        Everyone("make slots", "POST /fhir/{type:regex(^Schedule$)}/{id}/$generate-slots", "/Schedule/nobodys/$generate-slots") with { Body = Nothing, Status = 403 },
        new("a calendar's address", "POST /fhir/{type:regex(^Patient$)}/{id}/$calendar-feed", "/Patient/{x}-pat/$calendar-feed") { Body = Nothing, Shows = false, InBundles = false },
        new("the end of a calendar's address", "POST /fhir/{type:regex(^Patient$)}/{id}/$revoke-calendar-feed", "/Patient/{x}-pat/$revoke-calendar-feed")
            { Body = Nothing, Shows = false, InBundles = false },
        new("a clinician's calendar's address", "POST /fhir/{type:regex(^Practitioner$)}/{id}/$calendar-feed", "/Practitioner/doc/$calendar-feed")
            { Body = Nothing, Shows = false, InBundles = false, Control = LeakHost.Doctor },
        new("the end of a clinician's calendar's address", "POST /fhir/{type:regex(^Practitioner$)}/{id}/$revoke-calendar-feed", "/Practitioner/doc/$revoke-calendar-feed")
            { Body = Nothing, Shows = false, InBundles = false, Control = LeakHost.Doctor },
        Everyone("check what is sent", "POST /fhir/{type}/$validate", "/Observation/$validate") with { Body = Observation(null, "hid-pat") },
        Everyone("expand", "GET /fhir/{type:regex(^ValueSet$)}/$expand", $"/ValueSet/$expand?url={Gender}"),
        Everyone("expand with parameters", "POST /fhir/{type:regex(^ValueSet$)}/$expand", $"/ValueSet/$expand?url={Gender}"),
        Everyone("expand by id", "GET /fhir/{type:regex(^ValueSet$)}/{id}/$expand", "/ValueSet/nobodys/$expand") with { Status = 404 },
        Everyone("expand by id with parameters", "POST /fhir/{type:regex(^ValueSet$)}/{id}/$expand", "/ValueSet/nobodys/$expand") with { Status = 404 },
        Everyone("check a code", "GET /fhir/{type:regex(^ValueSet$)}/$validate-code", $"/ValueSet/$validate-code?url={Gender}&code=male"),
        Everyone("check a code with parameters", "POST /fhir/{type:regex(^ValueSet$)}/$validate-code", $"/ValueSet/$validate-code?url={Gender}&code=male"),
        Everyone("check a code by id", "GET /fhir/{type:regex(^ValueSet$)}/{id}/$validate-code", "/ValueSet/nobodys/$validate-code?code=a") with { Status = 404 },
        Everyone("check a code by id with parameters", "POST /fhir/{type:regex(^ValueSet$)}/{id}/$validate-code", "/ValueSet/nobodys/$validate-code?code=a") with { Status = 404 },
        Everyone("look up", "GET /fhir/{type:regex(^CodeSystem$)}/$lookup", "/CodeSystem/$lookup?system=http://hl7.org/fhir/administrative-gender&code=male"),
        Everyone("look up with parameters", "POST /fhir/{type:regex(^CodeSystem$)}/$lookup", "/CodeSystem/$lookup?system=http://hl7.org/fhir/administrative-gender&code=male"),
        Everyone("check a code of a system", "GET /fhir/{type:regex(^CodeSystem$)}/$validate-code", "/CodeSystem/$validate-code?url=http://hl7.org/fhir/administrative-gender&code=male"),
        Everyone("check a code of a system with parameters", "POST /fhir/{type:regex(^CodeSystem$)}/$validate-code", "/CodeSystem/$validate-code?url=http://hl7.org/fhir/administrative-gender&code=male"),
        Everyone("check a code of a system by id", "GET /fhir/{type:regex(^CodeSystem$)}/{id}/$validate-code", "/CodeSystem/nobodys/$validate-code?code=a") with { Status = 404 },
        Everyone("check a code of a system by id with parameters", "POST /fhir/{type:regex(^CodeSystem$)}/{id}/$validate-code", "/CodeSystem/nobodys/$validate-code?code=a") with { Status = 404 },
        new("its meta", "GET /fhir/{type}/{id}/$meta", "/Observation/{x}-obs/$meta") { Shows = false, InBundles = false },
        new("its meta by POST", "POST /fhir/{type}/{id}/$meta", "/Observation/{x}-obs/$meta") { Body = Nothing, Shows = false, InBundles = false },
        new("add to its meta", "POST /fhir/{type}/{id}/$meta-add", "/Observation/{x}-put-a/$meta-add")
            { Body = Tag, Shows = false, InBundles = false, Target = "/Observation/hid-put-a" },
        new("take from its meta", "POST /fhir/{type}/{id}/$meta-delete", "/Observation/{x}-put-b/$meta-delete")
            { Body = Tag, Shows = false, InBundles = false, Target = "/Observation/hid-put-b" },
        new("everything of a patient", "GET /fhir/{type:regex(^Patient$)}/{id}/$everything", "/Patient/{x}-pat/$everything") { InBundles = false },
        new("everything of a patient by POST", "POST /fhir/{type:regex(^Patient$)}/{id}/$everything", "/Patient/{x}-pat/$everything") { Body = Nothing, InBundles = false },
        new("everything of an encounter", "GET /fhir/{type:regex(^Encounter$)}/{id}/$everything", "/Encounter/{x}-enc/$everything") { InBundles = false },
        new("everything of an encounter by POST", "POST /fhir/{type:regex(^Encounter$)}/{id}/$everything", "/Encounter/{x}-enc/$everything")
            { Body = Nothing, InBundles = false },
        new("the last observations", "GET /fhir/{type:regex(^Observation$)}/$lastn", "/Observation/$lastn?patient={x}-pat&code={x}-code") { InBundles = false },
        new("the last observations by POST", "POST /fhir/{type:regex(^Observation$)}/$lastn", "/Observation/$lastn?patient={x}-pat&code={x}-code")
            { Body = Nothing, InBundles = false },
        new("statistics", "GET /fhir/{type:regex(^Observation$)}/$stats", "/Observation/$stats?subject=Patient/{x}-pat&code={x}-code&statistic=total-count")
            { Shows = false, InBundles = false },
        new("statistics by POST", "POST /fhir/{type:regex(^Observation$)}/$stats", "/Observation/$stats?subject=Patient/{x}-pat&code={x}-code&statistic=total-count&include=true")
            { Body = Nothing, InBundles = false },
        new("a document", "GET /fhir/{type:regex(^Composition$)}/{id}/$document", "/Composition/{x}-doc/$document") { InBundles = false },
        new("a document by POST", "POST /fhir/{type:regex(^Composition$)}/{id}/$document", "/Composition/{x}-doc/$document") { Body = Nothing, InBundles = false },
        new("readings of the patient's device", "POST /fhir/{type:regex(^Observation$)}/$ingest", "/Observation/$ingest") { Body = Reading, Shows = false, InBundles = false },
        new("what a wearable sent", "POST /fhir/{type:regex(^Observation$)}/$ingest-payload", "/Observation/$ingest-payload?source=withings&patient={x}-pat&device=none")
            { Body = """{"body":{"measuregrps":[{"category":1,"date":1760000000,"measures":[{"value":70,"type":11,"unit":0}]}]}}""", Shows = false, InBundles = false },
        new("a report of readings", "GET /fhir/{type:regex(^Patient$)}/{id}/$rpm-report", "/Patient/{x}-pat/$rpm-report") { Shows = false, InBundles = false },
        new("a report of readings by POST", "POST /fhir/{type:regex(^Patient$)}/{id}/$rpm-report", "/Patient/{x}-pat/$rpm-report") { Body = Nothing, Shows = false, InBundles = false },
        new("who waits", "GET /fhir/{type:regex(^Encounter$)}/$waiting-room", "/Encounter/$waiting-room") { Shows = false, InBundles = false, Control = LeakHost.Doctor },
        new("who waits by POST", "POST /fhir/{type:regex(^Encounter$)}/$waiting-room", "/Encounter/$waiting-room")
            { Body = Nothing, Shows = false, InBundles = false, Control = LeakHost.Doctor },
        new("read a file", "GET /fhir/Binary/{id}", "/Binary/{x}-file") { InBundles = false },
        new("read a part of a file", "GET /fhir/Binary/{id}", "/Binary/{x}-file") { Headers = ["Range: bytes=0-8"], Status = 206, InBundles = false },
        new("read a file in a bundle", "GET /fhir/Binary/{id}", "/Binary/{x}-file?_elements=contentType") { Shows = false },
        new("head of a file", "HEAD /fhir/Binary/{id}", "/Binary/{x}-file") { Shows = false },
        new("read a version of a file", "GET /fhir/Binary/{id}/_history/{vid}", "/Binary/{x}-file/_history/1") { InBundles = false },
        new("head of a version of a file", "HEAD /fhir/Binary/{id}/_history/{vid}", "/Binary/{x}-file/_history/1") { Shows = false },
        new("search a file", Search, "/Binary?_id={x}-file") { Shows = false },
        new("create a file for the patient", "POST /fhir/Binary", "/Binary") { Body = File(null, "Patient/{x}-pat"), Status = 201, Shows = false },
        new("replace a file", "PUT /fhir/Binary/{id}", "/Binary/{x}-file-put")
            { Body = File("{x}-file-put", "Patient/{x}-pat"), Shows = false, InBundles = false, Target = "/Binary/hid-file-put" },
        new("attach a file with its size", Create, "/DocumentReference")
            { Body = """{"resourceType":"DocumentReference","status":"current","subject":{"reference":"Patient/{me}"},"content":[{"attachment":{"url":"Binary/{x}-file","size":1}}]}""", Status = 422, Shows = false },
        new("what is overdue", "GET /fhir/{type:regex(^Task$)}/$overdue", "/Task/$overdue") { Shows = false, InBundles = false, Control = LeakHost.Doctor },
        new("what is overdue by POST", "POST /fhir/{type:regex(^Task$)}/$overdue", "/Task/$overdue")
            { Body = Nothing, Shows = false, InBundles = false, Control = LeakHost.Doctor },
        new("record a visit", "POST /fhir/{type:regex(^Encounter$)}/{id}/$start-recording", "/Encounter/{x}-enc/$start-recording")
            { Body = Nothing, Status = 409, Shows = false, InBundles = false, Control = LeakHost.Doctor },
        new("stop recording a visit", "POST /fhir/{type:regex(^Encounter$)}/{id}/$stop-recording", "/Encounter/{x}-enc/$stop-recording")
            { Body = Nothing, Status = 409, Shows = false, InBundles = false, Control = LeakHost.Doctor },
        new("join a visit", "POST /fhir/{type:regex(^Encounter$)}/{id}/$join", "/Encounter/{x}-enc/$join") { Body = Nothing, Status = 410, Shows = false, InBundles = false },
        new("leave a visit", "POST /fhir/{type:regex(^Encounter$)}/{id}/$leave", "/Encounter/{x}-enc/$leave") { Body = Nothing, InBundles = false },
        new("let in", "POST /fhir/{type:regex(^Encounter$)}/{id}/$admit", "/Encounter/{x}-enc/$admit")
            { Body = Nothing, Status = 409, Shows = false, InBundles = false, Control = LeakHost.Doctor },
        new("end a visit", "POST /fhir/{type:regex(^Encounter$)}/{id}/$end", "/Encounter/{x}-enc/$end")
            { Body = Nothing, Status = 409, Shows = false, InBundles = false, Control = LeakHost.Doctor },
        new("invite to a visit", "POST /fhir/{type:regex(^Encounter$)}/{id}/$invite", "/Encounter/{x}-enc/$invite")
            { Body = """{"resourceType":"Parameters","parameter":[{"name":"name","valueString":"Uncle"}]}""", Status = 410, Shows = false, InBundles = false },
        new("take an invitation back", "POST /fhir/{type:regex(^Encounter$)}/{id}/$revoke-invite", "/Encounter/{x}-enc/$revoke-invite")
            { Body = """{"resourceType":"Parameters","parameter":[{"name":"related-person","valueReference":{"reference":"RelatedPerson/x"}}]}""", Status = 404, Shows = false, InBundles = false },
        new("how far a subscription is", "GET /fhir/{type:regex(^Subscription$)}/{id}/$status", "/Subscription/{x}-sub/$status") { Shows = false, InBundles = false },
        new("how far a subscription is by POST", "POST /fhir/{type:regex(^Subscription$)}/{id}/$status", "/Subscription/{x}-sub/$status") { Body = Nothing, Shows = false, InBundles = false },
        new("how far subscriptions are", "GET /fhir/{type:regex(^Subscription$)}/$status", "/Subscription/$status?id={x}-sub") { Shows = false, InBundles = false },
        new("how far subscriptions are by POST", "POST /fhir/{type:regex(^Subscription$)}/$status", "/Subscription/$status?id={x}-sub") { Body = Nothing, Shows = false, InBundles = false },
        new("the events of a subscription", "GET /fhir/{type:regex(^Subscription$)}/{id}/$events", "/Subscription/{x}-sub/$events") { Shows = false, InBundles = false },
        new("the events of a subscription by POST", "POST /fhir/{type:regex(^Subscription$)}/{id}/$events", "/Subscription/{x}-sub/$events") { Body = Nothing, Shows = false, InBundles = false },
        new("a binding of a subscription", "GET /fhir/{type:regex(^Subscription$)}/{id}/$get-ws-binding-token", "/Subscription/{x}-sub/$get-ws-binding-token") { Shows = false, InBundles = false },
        new("a binding of a subscription by POST", "POST /fhir/{type:regex(^Subscription$)}/{id}/$get-ws-binding-token", "/Subscription/{x}-sub/$get-ws-binding-token") { Body = Nothing, Shows = false, InBundles = false },
        new("a binding of subscriptions", "GET /fhir/{type:regex(^Subscription$)}/$get-ws-binding-token", "/Subscription/$get-ws-binding-token?id={x}-sub") { Shows = false, InBundles = false },
        new("a binding of subscriptions by POST", "POST /fhir/{type:regex(^Subscription$)}/$get-ws-binding-token", "/Subscription/$get-ws-binding-token?id={x}-sub") { Body = Nothing, Shows = false, InBundles = false },
        Everyone("the topics", "GET /fhir/SubscriptionTopic", "/SubscriptionTopic"),
        Everyone("head of the topics", "HEAD /fhir/SubscriptionTopic", "/SubscriptionTopic"),
        Everyone("a topic", "GET /fhir/SubscriptionTopic/{id}", "/SubscriptionTopic/slot-freed"),
        Everyone("head of a topic", "HEAD /fhir/SubscriptionTopic/{id}", "/SubscriptionTopic/slot-freed"),
        new("read a subscription", Read, "/Subscription/{x}-sub"),
        new("search subscriptions", Search, "/Subscription?_id={x}-sub"),
    ];

    private static LeakProbe Everyone(string name, string route, string path) =>
        new(name, route, path) { Shows = false, InBundles = false, IsForEveryone = true };

    private static string File(string? id, string context) =>
        $$"""{"resourceType":"Binary",{{(id is null ? "" : $"\"id\":\"{id}\",")}}"contentType":"text/plain","securityContext":{"reference":"{{context}}"},"data":"bmV3"}""";

    private static string Observation(string? id, string patient, string more = "") => $$"""
        {"resourceType":"Observation",{{(id is null ? "" : $"\"id\":\"{id}\",")}}"status":"final","code":{"coding":[{"code":"written"}]},"subject":{"reference":"Patient/{{patient}}"}{{more}}}
        """;
}
