package awsmodel

import "strings"

// MaxDeleteKeys is how many objects one DeleteObjects request may name
// (https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html).
const MaxDeleteKeys = 1000

// Delete is what a DeleteObjects document asks for.
type Delete struct {
	Objects []DeleteObject
	Quiet   bool // answer with the failures only
}

// DeleteObject is one object to delete. Empty fields were not sent.
type DeleteObject struct {
	Key       string
	VersionID string
	// ETag, LastModifiedTime and Size, as they were sent, must be the object's, or it stays.
	ETag, LastModifiedTime, Size string
}

// WithDelete is o, a DeleteObjects operation, for other objects: those, for example, that were allowed.
func (o S3Operation) WithDelete(d Delete) S3Operation {
	o = o.clone()
	o.Delete, o.Calls = d, nil
	for _, object := range d.Objects {
		o.Calls = append(o.Calls, o.DeleteCalls(object)...)
	}
	return o.withDocument(d.document().canonical())
}

// DeleteCalls are the calls that must be allowed before o, a DeleteObjects operation, may delete one of its objects: S3 decides for each alone.
func (o S3Operation) DeleteCalls(d DeleteObject) []Call {
	o.Key, o.Query = d.Key, map[string]string{}
	if d.VersionID != "" {
		o.Query["versionId"] = d.VersionID
	}
	return deleteCalls(&o, d.ETag, d.ETag != "" && d.ETag != "*" || d.LastModifiedTime != "" || d.Size != "")
}

// document is d as DeleteObjects has it.
func (d Delete) document() *element {
	root := &element{name: "Delete"}
	for _, object := range d.Objects {
		e := &element{name: "Object"}
		for _, field := range object.fields() {
			if *field.text != "" {
				e.children = append(e.children, &element{name: field.name, text: *field.text})
			}
		}
		root.children = append(root.children, e)
	}
	quiet := "false"
	if d.Quiet {
		quiet = "true"
	}
	root.children = append(root.children, &element{name: "Quiet", text: quiet})
	return root
}

// field is an element's name and where its text is kept.
type field struct {
	name string
	text *string
}

func (d *DeleteObject) fields() []field {
	return []field{{"Key", &d.Key}, {"VersionId", &d.VersionID}, {"ETag", &d.ETag}, {"LastModifiedTime", &d.LastModifiedTime}, {"Size", &d.Size}}
}

// readDelete reads a Delete document.
func readDelete(root *element) (Delete, error) {
	var d Delete
	if strings.TrimSpace(root.text) != "" {
		return Delete{}, malformedXML("text in Delete")
	}
	quiet := false
	for _, child := range root.children {
		switch {
		case child.name == "Object" && len(d.Objects) < MaxDeleteKeys:
			object, err := readDeleteObject(child)
			if err != nil {
				return Delete{}, err
			}
			d.Objects = append(d.Objects, object)
		case child.name == "Quiet" && !quiet && len(child.children) == 0 && (child.text == "true" || child.text == "false"):
			quiet, d.Quiet = true, child.text == "true"
		default:
			return Delete{}, malformedXML("element %s, or more than %d objects", quote(child.name), MaxDeleteKeys)
		}
	}
	if len(d.Objects) == 0 {
		return Delete{}, malformedXML("no object is named")
	}
	return d, nil
}

func readDeleteObject(e *element) (DeleteObject, error) {
	var d DeleteObject
	var names []string
	for _, f := range d.fields() {
		names = append(names, f.name)
	}
	texts, err := e.leaves(names...)
	if err != nil {
		return d, err
	}
	for _, f := range d.fields() {
		*f.text = texts[f.name]
		if f.name != "Key" && (hasControl(*f.text) || strings.TrimSpace(*f.text) != *f.text || len(*f.text) > maxParameter) {
			return d, malformedXML("the value of %s", f.name)
		}
	}
	if d.Key == "" {
		return d, malformedXML("an object without a key")
	}
	return d, checkKey(d.Key)
}
