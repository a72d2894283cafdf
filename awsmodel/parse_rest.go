package awsmodel

import (
	"fmt"
	"slices"
	"strings"
)

// candidate is an operation that a REST request may be.
type candidate struct {
	service *Service
	route   *route
	labels  map[string]string
	query   []formField // without the literal ones of the route
}

// parseREST reads a request in one of the REST protocols: method, path and literal query parameters name the operation.
func parseREST(services []*Service, r *incoming) (*Operation, error) {
	path, err := splitPath(r.request.Path)
	if err != nil {
		return nil, err
	}
	parameters, err := readForm(r.request.RawQuery, false)
	if err != nil {
		return nil, err
	}
	parameters = withoutSignature(parameters)
	best := mostSpecific(services, r.request.Method, path, parameters)
	if len(best) == 0 {
		return nil, &Error{Kind: UnknownOperation, Message: fmt.Sprintf("there is no operation at %s %.200q", r.request.Method, r.request.Path)}
	}
	if other := readFlat(services, r.request.Method, path, parameters); other != "" {
		return nil, malformed("a name in the path has slashes that make it the path of %s where they are decoded first", other)
	}
	return understand(r.byHost(best), func(c candidate) (*Operation, error) { return c.parse(r) })
}

// readFlat is the operation that a path with slashes in its names would be of to whoever decodes it before taking it apart, as the servers of several
// languages do (WSGI's PATH_INFO, PEP 3333, is decoded); empty: of none. Most ARNs, which have slashes, make no other path.
func readFlat(services []*Service, method string, path []string, parameters []formField) string {
	if !slices.ContainsFunc(path, func(name string) bool { return strings.Contains(name, "/") }) {
		return ""
	}
	for _, c := range mostSpecific(services, method, strings.Split(strings.Join(path, "/"), "/"), parameters) {
		return c.route.operation.Name
	}
	return ""
}

// mostSpecific are the candidates of all services that fit best.
func mostSpecific(services []*Service, method string, path []string, parameters []formField) []candidate {
	var best []candidate
	for _, s := range services {
		for _, c := range s.candidates(method, path, parameters) {
			order := 1
			if len(best) > 0 {
				order = best[0].route.compare(c.route)
			}
			if order > 0 {
				best = best[:0]
			}
			if order >= 0 {
				best = append(best, c)
			}
		}
	}
	return best
}

// candidates returns the service's operations that a request may be.
func (s *Service) candidates(method string, path []string, parameters []formField) []candidate {
	if !s.speaks(RESTJSON) && !s.speaks(RESTXML) {
		return nil
	}
	model, err := s.decode()
	if err != nil {
		return nil
	}
	var found []candidate
	for i := range model.routes {
		route := &model.routes[i]
		if route.operation.Method != method {
			continue
		}
		labels, fits := route.match(path)
		if !fits {
			continue
		}
		if query, fits := route.matchQuery(parameters); fits {
			found = append(found, candidate{s, route, labels, query})
		}
	}
	return found
}

// byHost keeps those of several services whose host name the request was sent to; all, when it says nothing.
func (r *incoming) byHost(candidates []candidate) []candidate {
	host := lower(r.header("host"))
	named := slices.DeleteFunc(slices.Clone(candidates), func(c candidate) bool {
		return !strings.HasPrefix(host, c.service.EndpointPrefix+".") && !strings.Contains(host, "."+c.service.EndpointPrefix+".")
	})
	if len(named) == 0 {
		return candidates
	}
	return named
}

// parse reads the input.
func (c candidate) parse(r *incoming) (*Operation, error) {
	model := c.route.operation
	if err := r.check(model); err != nil {
		return nil, err
	}
	if err := c.checkFirst(); err != nil {
		return nil, err
	}
	o := &Operation{Service: c.service, Name: model.Name, Model: model, Protocol: RESTJSON, Input: map[string]any{}}
	if c.service.speaks(RESTXML) {
		o.Protocol = RESTXML
	}
	for i := range model.Input.Members {
		m := &model.Input.Members[i]
		var err error
		switch m.Location {
		case InURI:
			o.Input[m.Name], err = readText(m, c.labels[m.Wire], m.Wire, DateTime)
		case InHeader, InHeaders:
			err = r.readHeaderMember(m, o.Input)
		}
		if err != nil {
			return nil, err
		}
	}
	if err := readParameters(model, c.query, o.Input); err != nil {
		return nil, err
	}
	if err := r.readBody(o); err != nil {
		return nil, err
	}
	return o, checkMembers(model.Input, o.Input, "")
}

// checkFirst refuses paths under which servers have their administration, where a path begins with what the caller chooses.
func (c candidate) checkFirst() error {
	label, chosen := strings.CutPrefix(c.route.operation.URI, "/{")
	label, _, _ = strings.Cut(label, "}")
	if first, _, _ := strings.Cut(c.labels[strings.TrimSuffix(label, "+")], "/"); chosen && slices.Contains(serversOwn, first) {
		return wrongValue(label, "the backend may have its administration there")
	}
	return nil
}

// readParameters reads the members that are in the query string.
func readParameters(model *OperationModel, parameters []formField, input map[string]any) error {
	var rest *Member // a map takes every parameter that has no member of its own
	for i := range model.Input.Members {
		m := &model.Input.Members[i]
		if m.Location != InQuery {
			continue
		}
		if m.Shape.Kind == Map {
			rest = m
			continue
		}
		value, left, err := readParameter(m, parameters)
		if err != nil {
			return err
		}
		if len(left) < len(parameters) {
			input[m.Name], parameters = value, left
		}
	}
	// SDKs for JavaScript say the operation's name again.
	parameters = slices.DeleteFunc(slices.Clone(parameters), func(p formField) bool {
		return p == formField{"x-id", model.Name} || rest == nil && madeUp(p.name)
	})
	if len(parameters) == 0 {
		return nil
	}
	if rest == nil {
		return unknownParameter(parameters[0].name)
	}
	entries := map[string]any{}
	for len(parameters) > 0 {
		m := *rest.Shape.Element
		m.Wire = parameters[0].name
		value, left, err := readParameter(&m, parameters)
		if err != nil {
			return err
		}
		entries[m.Wire], parameters = value, left
	}
	input[rest.Name] = entries
	return nil
}

// readParameter reads one member and returns the parameters that are left.
func readParameter(m *Member, parameters []formField) (any, []formField, error) {
	var texts []string
	var left []formField
	for _, p := range parameters {
		if p.name == m.Wire {
			texts = append(texts, p.value)
		} else {
			left = append(left, p)
		}
	}
	if m.Shape.Kind != List {
		if len(texts) == 0 {
			return nil, left, nil
		}
		if len(texts) > 1 {
			return nil, nil, wrongValue(m.Wire, "it is given twice")
		}
		value, err := readText(m, texts[0], m.Wire, DateTime)
		return value, left, err
	}
	list := make([]any, len(texts))
	for i, text := range texts {
		var err error
		if list[i], err = readText(m.Shape.Element, text, m.Wire, DateTime); err != nil {
			return nil, nil, err
		}
	}
	return list, left, nil
}

// appendParameter is the inverse of readParameter.
func appendParameter(to []formField, name string, value any) []formField {
	list, isList := value.([]any)
	if !isList {
		return append(to, formField{name, writeText(value)})
	}
	for _, element := range list {
		to = append(to, formField{name, writeText(element)})
	}
	return to
}

// writeREST writes an operation in its REST protocol.
func writeREST(o *Operation) Request {
	r := Request{Method: o.Model.Method, Header: map[string][]string{}}
	labels := map[string]string{}
	routes, err := newRoutes([]*OperationModel{o.Model})
	if err != nil {
		return Request{} // its service could not have been decoded
	}
	query := slices.Clone(routes[0].query)
	for i := range o.Model.Input.Members {
		m := &o.Model.Input.Members[i]
		value, present := o.Input[m.Name]
		if !present {
			continue
		}
		switch m.Location {
		case InURI:
			labels[m.Wire] = writeText(value)
		case InQuery:
			if entries, isMap := value.(map[string]any); isMap {
				for _, name := range sortedKeys(entries) {
					query = appendParameter(query, name, entries[name])
				}
			} else {
				query = appendParameter(query, m.Wire, value)
			}
		case InHeader, InHeaders:
			writeHeaderMember(r.Header, m, value)
		}
	}
	r.Path, r.RawQuery = routes[0].write(labels), writeForm(query)
	writeBody(&r, o)
	if o.Service.ID == "Glacier" {
		r.Header["X-Amz-Glacier-Version"] = []string{o.Service.APIVersion} // which Amazon S3 Glacier's API reference demands of every request
	}
	return r
}
