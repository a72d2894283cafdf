{{- define "openirsa.name" -}}
{{- if contains "openirsa" .Release.Name }}{{ .Release.Name | trunc 40 | trimSuffix "-" }}{{ else }}{{ printf "%s-openirsa" (.Release.Name | trunc 31 | trimSuffix "-") }}{{ end }}
{{- end }}

{{- define "openirsa.image" -}}
{{ .Values.image.repository }}{{ if .Values.image.digest }}@{{ .Values.image.digest }}{{ else }}:{{ .Values.image.tag | default .Chart.AppVersion }}{{ end }}
{{- end }}

{{/* What selects the pods of one component. Takes (list context component). */}}
{{- define "openirsa.selector" -}}
app.kubernetes.io/name: openirsa
app.kubernetes.io/instance: {{ (index . 0).Release.Name | quote }}
app.kubernetes.io/component: {{ index . 1 }}
{{- end }}

{{- define "openirsa.labels" -}}
{{ include "openirsa.selector" . }}
app.kubernetes.io/part-of: openirsa
app.kubernetes.io/version: {{ (index . 0).Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ (index . 0).Release.Service }}
helm.sh/chart: {{ printf "%s-%s" (index . 0).Chart.Name (index . 0).Chart.Version | quote }}
{{- end }}

{{/* What the "restricted" Pod Security Standard asks for, and a read-only root beside it. */}}
{{- define "openirsa.podSecurity" -}}
runAsNonRoot: true
runAsUser: 65532
runAsGroup: 65532
fsGroup: 65532
seccompProfile:
  type: RuntimeDefault
{{- end }}

{{- define "openirsa.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end }}

{{/* Replicas apart, by node and by zone; a cluster of one node runs them all the same. */}}
{{- define "openirsa.spread" -}}
topologySpreadConstraints:
  - maxSkew: 1
    topologyKey: kubernetes.io/hostname
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      matchLabels: {{- include "openirsa.selector" . | nindent 8 }}
  - maxSkew: 1
    topologyKey: topology.kubernetes.io/zone
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      matchLabels: {{- include "openirsa.selector" . | nindent 8 }}
{{- end }}

{{/* A pod that has started and is not ready waits for somebody else, the plane or the API server: another start would not help it. */}}
{{- define "openirsa.probes" -}}
startupProbe:
  httpGet: {path: /livez, port: ops}
  periodSeconds: 2
  failureThreshold: 60
livenessProbe:
  httpGet: {path: /livez, port: ops}
  periodSeconds: 10
  failureThreshold: 3
readinessProbe:
  httpGet: {path: /readyz, port: ops}
  periodSeconds: 5
  failureThreshold: 2
{{- end }}

{{- define "openirsa.placement" -}}
{{- with .nodeSelector }}
nodeSelector: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .tolerations }}
tolerations: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .affinity }}
affinity: {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{- define "openirsa.planeURL" -}}
{{- if .Values.planeURL }}{{ .Values.planeURL }}{{ else if not .Values.plane.enabled }}{{ fail "planeURL is needed without a plane of this chart's" }}{{ else }}https://{{ include "openirsa.name" . }}.{{ .Release.Namespace }}.svc{{ end }}
{{- end }}

{{/* The variables and volume by which our own pods use IRSA. They are written out, so that no pod of ours waits for the webhook.
     Takes (list context roleARN sessionName). */}}
{{- define "openirsa.roleEnv" -}}
- {name: AWS_ROLE_ARN, value: {{ index . 1 | quote }}}
- {name: AWS_WEB_IDENTITY_TOKEN_FILE, value: /var/run/secrets/openirsa/serviceaccount/token}
- {name: AWS_ROLE_SESSION_NAME, value: {{ index . 2 | quote }}}
{{ include "openirsa.planeEnv" (index . 0) }}
{{- end }}

{{- define "openirsa.planeEnv" -}}
- {name: AWS_REGION, value: {{ .Values.cluster.region | quote }}}
- {name: AWS_EC2_METADATA_DISABLED, value: "true"}
- {name: AWS_ENDPOINT_URL, value: {{ include "openirsa.planeURL" . | quote }}}
{{- if .Values.planeCAConfigMap }}
- {name: AWS_CA_BUNDLE, value: /etc/openirsa/plane/ca.crt}
{{- end }}
{{- end }}

{{- define "openirsa.roleMounts" -}}
- {name: aws-iam-token, mountPath: /var/run/secrets/openirsa/serviceaccount, readOnly: true}
{{- if .Values.planeCAConfigMap }}
- {name: plane-ca, mountPath: /etc/openirsa/plane, readOnly: true}
{{- end }}
{{- end }}

{{- define "openirsa.roleVolumes" -}}
- name: aws-iam-token
  projected:
    sources:
      - serviceAccountToken: {audience: sts.amazonaws.com, expirationSeconds: 3600, path: token}
{{- if .Values.planeCAConfigMap }}
- name: plane-ca
  configMap: {name: {{ .Values.planeCAConfigMap | quote }}}
{{- end }}
{{- end }}

{{- define "openirsa.clientConfig" -}}
service:
  name: {{ include "openirsa.name" . }}-webhook
  namespace: {{ .Values.webhook.namespace | quote }}
  port: 443
  path: {{ .path }}
{{- with .Values.webhook.certificate.caBundle }}
caBundle: {{ . | quote }}
{{- end }}
{{- end }}

{{- define "openirsa.ownPods" -}}
# Pods of this release wait for no webhook, or the webhook would wait for itself. Nobody else's are left out, in their namespaces neither.
- name: not-openirsa
  expression: >-
    !((request.namespace == {{ .Release.Namespace | quote }} || request.namespace == {{ .Values.webhook.namespace | quote }})
    && has(object.metadata.labels) && 'app.kubernetes.io/part-of' in object.metadata.labels
    && object.metadata.labels['app.kubernetes.io/part-of'] == 'openirsa')
{{- end }}

{{- define "openirsa.monitoring" -}}
{{- range .Values.networkPolicy.monitoringNamespaces }}
- namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: {{ . | quote }}}}
{{- end }}
{{- end }}

{{- define "openirsa.toDNS" -}}
- ports:
    - {port: 53, protocol: UDP}
    - {port: 53, protocol: TCP}
{{- end }}

{{- define "openirsa.toAPIServer" -}}
{{- if not .Values.networkPolicy.apiServerPorts }}{{ fail "networkPolicy.apiServerPorts is empty, which a NetworkPolicy takes for every port" }}{{ end }}
- ports:
    {{- range .Values.networkPolicy.apiServerPorts }}
    - {port: {{ . }}, protocol: TCP}
    {{- end }}
  {{- with .Values.networkPolicy.apiServer }}
  to: {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end }}

{{/* The ways to the plane: this chart's pods, and, since no selector knows an address elsewhere, the port of planeURL. */}}
{{- define "openirsa.toPlane" -}}
{{- with .Values.planeURL }}
{{- $url := urlParse . }}
- ports:
    - {port: {{ regexFind "[0-9]+$" (regexFind ":[0-9]+$" $url.host) | default (ternary "80" "443" (eq $url.scheme "http")) }}, protocol: TCP}
{{- end }}
{{- if .Values.plane.enabled }}
- ports:
    - {port: aws, protocol: TCP}
  to:
    - namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: {{ .Release.Namespace | quote }}}}
      podSelector:
        matchLabels: {{- include "openirsa.selector" (list . "plane") | nindent 10 }}
{{- end }}
{{- end }}
