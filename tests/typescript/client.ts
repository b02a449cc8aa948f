// What a frontend would write first: sign in, page through the facilities, read the figures.
// The types come from openapi/siraj.json; the test `typescript` compiles and runs this.
import createClient from "openapi-fetch";
import type { components, paths } from "./siraj.js";

type Facility = components["schemas"]["Facility"];

const [baseUrl, email, password] = process.argv.slice(2);
if (!baseUrl || !email || !password) {
  throw new Error("usage: client.js <base URL> <e-mail> <password>");
}

// Lists come as CSV and as workbooks too; this program reads JSON.
const api = createClient<paths, "application/json" | "application/problem+json">({ baseUrl });

const signedIn = await api.POST("/api/v1/auth/login", { body: { email, password } });
if (!signedIn.data) {
  throw new Error(`sign-in was refused: ${signedIn.error.code}`);
}
const { access_token } = signedIn.data;
api.use({
  onRequest({ request }) {
    request.headers.set("authorization", `Bearer ${access_token}`);
    return request;
  },
});

const facilities: Facility[] = [];
let after: string | undefined;
do {
  const page = await api.GET("/api/v1/facilities", {
    params: { query: { limit: 2, ...(after === undefined ? {} : { after }) } },
  });
  if (!page.data) {
    throw new Error(`the list was refused: ${page.error.code}`);
  }
  facilities.push(...page.data.items);
  after = page.data.next ?? undefined;
} while (after !== undefined);

const figures = await api.GET("/api/v1/reports/figures", { params: { query: { as_of: "2015-12-31" } } });
if (!figures.data) {
  throw new Error(`the figures were refused: ${figures.error.code}`);
}

console.log(
  JSON.stringify({
    codes: facilities.map((facility) => facility.code),
    facilities: figures.data.facilities.total,
    staff: figures.data.staff?.total,
  }),
);
