package awsmodel

// Parse finds out which operation of the services with a signing name a request is, and reads its whole input by the model. What is not
// in the model is an error, an *Error. Calls and ReadOnly of the operation are not filled.
func (m *Models) Parse(signingName string, r Request) (*Operation, error) {
	return nil, &Error{Kind: UnknownOperation, Message: "no models yet"}
}
