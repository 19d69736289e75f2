// What an app does with the library once it is launched; the test reads window.result.
async function run() {
  const client = await FHIR.oauth2.ready();
  window.client = client;
  const observations = await client.request('Observation?_count=5&patient=' + client.patient.id);
  const first = client.state.tokenResponse;
  const result = {
    patient: client.patient.id,
    encounter: client.encounter.id,
    name: (await client.patient.read()).name[0].family,
    user: client.user.fhirUser,
    userType: client.user.fhirUser ? (await client.user.read()).resourceType : null,
    scope: first.scope,
    observations: (observations.entry || []).length,
    subjects: [...new Set((observations.entry || []).map(entry => entry.resource.subject.reference))],
    refreshed: null,
  };
  if (first.refresh_token) {
    try {
      await client.refresh();
      const second = client.state.tokenResponse;
      result.refreshed = second.access_token !== first.access_token && second.refresh_token !== first.refresh_token;
      result.afterRefresh = (await client.patient.read()).id;
    } catch (error) {
      result.refreshed = String(error);
    }
  }

  window.result = result;
  document.title = 'done';
  document.querySelector('pre').textContent = JSON.stringify(result, null, 2);
}

window.addEventListener('load', () => run().catch(error => {
  document.title = 'failed';
  document.querySelector('pre').textContent = String(error && error.stack || error);
}));
